// The keyboard: from one referral to the next, and the sheet of all shortcuts behind "?".

import { h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { listed, shortcut } from "../core/keys.js";

/** Presses what is there and may be pressed. @param {string} selector @returns {boolean} whether it was */
export function press(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement) || element.getAttribute("aria-disabled") === "true") return false;
  element.click();
  return true;
}

export const inSheet = () => document.querySelector("dialog#sheet[open]") !== null;

/** To the next row, or the one before; the first when none has focus. @param {1 | -1} step */
function walk(step) {
  if (inSheet()) return press(`#sheet [data-focus="sheet-${step > 0 ? "next" : "previous"}"]`);
  const links = [...document.querySelectorAll("#view tbody a.opener, #view .activity a.opener")];
  const here = links.findIndex((link) => link.closest("tr, li")?.contains(document.activeElement));
  const there = links[here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step];
  if (!(there instanceof HTMLElement)) return false;
  there.focus();
  return true;
}

/** Registers the keys that every dialog and list understands. */
export function keySheet() {
  shortcut(
    { keys: "j", shown: "J", label: "keys.next", run: () => walk(1) },
    { keys: "ArrowRight", shown: "→", label: "keys.next", run: () => walk(1), when: inSheet },
    { keys: "k", shown: "K", label: "keys.previous", run: () => walk(-1) },
    { keys: "ArrowLeft", shown: "←", label: "keys.previous", run: () => walk(-1), when: inSheet },
    { keys: "Enter", label: "keys.open", run: () => false },
    { keys: "?", label: "keys.help", run: showKeys },
  );
}

/** Shows all shortcuts there are at this moment. */
export function showKeys() {
  if (document.querySelector("dialog.keys")) return;
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const { label, keys, shown } of listed()) lines.set(label, [...new Set([...(lines.get(label) ?? []), shown ?? keys])]);
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog.keys",
      { "aria-labelledby": "keys-title" },
      h(
        "header",
        null,
        h("h2", { id: "keys-title" }, t("keys.title")),
        h("button.plain", { type: "button", "aria-label": t("sheet.close"), onclick: () => dialog.close() }, icon("close")),
      ),
      h(
        "dl",
        null,
        [...lines].map(([label, keys]) =>
          h("div", null, h("dt", null, keys.map((key) => h("kbd", null, key))), h("dd", null, t(label))),
        ),
      ),
    )
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  (document.querySelector("dialog[open]") ?? document.body).append(dialog);
  dialog.showModal();
}
