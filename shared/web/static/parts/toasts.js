// Short messages that come and go; errors stay until they are dismissed.

import { find, h, icon, template } from "../core/dom.js";
import { t } from "../core/i18n.js";

const STAY_MS = 5000;

/**
 * @param {"success" | "info" | "error"} kind
 * @param {string} text
 * @param {{ detail?: string | null, action?: { label: string, run: () => void } | null }} [more]
 */
export function toast(kind, text, more = {}) {
  const element = template("toast");
  element.classList.add(kind);
  find(".toast-icon", element).append(icon(kind === "success" ? "check" : kind === "error" ? "warning" : "info"));
  find(".toast-text", element).append(
    h("p", null, text),
    ...(more.detail ? [h("p.sub", null, more.detail)] : []),
    ...(more.action ? [actionButton(more.action, () => dismiss(element))] : []),
  );
  const close = find("button.toast-close", element);
  close.setAttribute("aria-label", t("toast.dismiss"));
  close.addEventListener("click", () => dismiss(element));
  const region = find(kind === "error" ? "#alerts" : "#messages");
  region.append(element);
  if (kind !== "error") fade(element);
  return element;
}

/**
 * @param {{ label: string, run: () => void }} action
 * @param {() => void} after
 */
const actionButton = (action, after) =>
  h(
    "button.small",
    {
      type: "button",
      onclick: () => {
        after();
        action.run();
      },
    },
    action.label,
  );

/** @param {HTMLElement} element */
function fade(element) {
  let timer = setTimeout(() => dismiss(element), STAY_MS);
  const pause = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dismiss(element), STAY_MS);
  };
  element.addEventListener("mouseenter", pause);
  element.addEventListener("focusin", pause);
  element.addEventListener("mouseleave", resume);
  element.addEventListener("focusout", resume);
}

/** @param {HTMLElement} element */
function dismiss(element) {
  element.remove();
}

/**
 * A modal dialog makes all that is outside of it inert, so the toasts live inside the dialog while it is open.
 * @param {HTMLElement} parent
 */
export function moveToasts(parent) {
  parent.append(find("#toasts"));
}
