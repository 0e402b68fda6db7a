// Copying: a button that copies a value, and says so.

import { h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { toast } from "./toasts.js";

/** @param {string} value @returns {Promise<boolean>} */
export async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    toast("success", t("copy.done", { value: value.length > 60 ? `${value.slice(0, 60)}…` : value }));
    return true;
  } catch {
    toast("error", t("copy.failed"));
    return false;
  }
}

/**
 * A button that copies a value, and says so on itself for two seconds.
 * @param {string} label what is copied
 * @param {string} value
 * @param {string} [kind]
 */
export function copyButton(label, value, kind = "button.small") {
  return h(
    kind,
    {
      type: "button",
      title: t("copy.hint", { what: label }),
      onclick: async (/** @type {Event} */ event) => {
        const button = /** @type {HTMLElement} */ (event.currentTarget);
        if (!(await copy(value))) return;
        button.classList.add("done");
        setTimeout(() => button.classList.remove("done"), 2000);
      },
    },
    icon("copy"),
    h("span", null, label),
  );
}

/** @param {string} text a value shown as itself and copied on a click */
export const copyable = (text) => copyButton(text, text, "button.copyable");
