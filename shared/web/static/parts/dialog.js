// The one dialog of the page. It is opened and closed by the address alone.

import { find, focusKey, h, icon, show, template } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { closeSheet } from "../core/router.js";
import { moveToasts } from "./toasts.js";

const dialog = /** @type {HTMLDialogElement} */ (find("#sheet"));
const body = find("#sheet-body");

/** What had focus when the dialog opened: the element, and the item in whose row it stood. */
let opener = /** @type {{ element: Element | null, key: string | null }} */ ({ element: null, key: null });

/** Opens the dialog, if it is not open, with a placeholder until `fillSheet` comes. @param {string} name what it is about to show */
export function openSheet(name) {
  if (dialog.dataset["name"] !== name) {
    dialog.dataset["name"] = name;
    body.replaceChildren(...sheetParts({ title: t("loading") }, template("loading")));
    body.scrollTop = 0;
  }
  if (dialog.open) return;
  const active = document.activeElement;
  opener = { element: active, key: active?.closest("[data-key]")?.getAttribute("data-key") ?? null };
  dialog.showModal();
  document.documentElement.classList.add("sheet-open"); // for paper: only the dialog is printed
  moveToasts(dialog);
}

/**
 * @param {string} name as it was opened; what comes late for another one is dropped
 * @param {Parameters<typeof sheetParts>[0]} head
 * @param {...(Node | null)} content
 */
export function fillSheet(name, head, ...content) {
  if (dialog.dataset["name"] !== name) return;
  const first = body.querySelector(".loading") !== null;
  const scroll = body.querySelector(".sheet-content")?.scrollTop ?? 0;
  const open = new Set([...body.querySelectorAll("details[open]")].map((element) => element.id));
  const parts = sheetParts(head, ...content);
  for (const part of parts) for (const element of part.querySelectorAll("details")) if (open.has(element.id)) element.open = true;
  const still = holdStill();
  show(body, ...parts);
  find(".sheet-content", body).scrollTop = first ? 0 : scroll;
  still();
  if (first) find("#sheet-title", body).focus({ preventScroll: true });
}

/** Remembers where on the screen somebody is typing, and returns what scrolls it back there. */
function holdStill() {
  const content = body.querySelector(".sheet-content");
  const typed = document.activeElement;
  if (!content || !typed?.matches("input, select, textarea") || !content.contains(typed)) return () => {};
  const { top } = typed.getBoundingClientRect();
  return () => {
    if (content.contains(typed)) content.scrollTop += typed.getBoundingClientRect().top - top;
  };
}

/** Closes the dialog and gives focus back. */
export function shutSheet() {
  if (!dialog.dataset["name"]) return;
  delete dialog.dataset["name"];
  document.documentElement.classList.remove("sheet-open");
  moveToasts(document.body);
  dialog.close();
  body.replaceChildren();
  const { element, key } = opener;
  if (key !== null && focusKey(document, key)) return;
  if (element instanceof HTMLElement && element.isConnected && element !== document.body) element.focus({ preventScroll: true });
  else find("#main").focus({ preventScroll: true });
}

/** Whether somebody is typing into the dialog, outside of what is kept: it must not be thrown away then. */
export const busySheet = () => {
  const active = document.activeElement;
  return active !== null && body.contains(active) && active.matches("input, select, textarea") && !active.closest("[data-keep]");
};

/**
 * @param {{ title: string, over?: Node | string | null, badges?: (Node | null)[], bars?: (Node | null)[], actions?: (Node | null)[], steps?: (Node | null)[] }} head
 * @param {...(Node | null)} content
 */
function sheetParts(head, ...content) {
  return [
    h(
      "header.sheet-head",
      null,
      h(
        "div.sheet-top",
        null,
        h("div.over", null, head.over ?? null),
        h("div.steps", null, head.steps ?? []),
        h(
          "button.plain.close",
          { type: "button", "aria-label": t("sheet.close"), title: t("sheet.close"), "data-focus": "sheet-close", onclick: closeSheet },
          icon("close"),
        ),
      ),
      h("h2", { id: "sheet-title", tabindex: -1, dir: "auto" }, head.title),
      head.badges?.some(Boolean) ? h("div.badges", null, head.badges) : null,
      head.bars ?? null,
      head.actions?.some(Boolean) ? h("div.actions", null, head.actions) : null,
    ),
    h("div.sheet-content", { tabindex: -1 }, content),
  ];
}

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  closeSheet();
});
// The browser closes a dialog by itself when Esc is pressed twice.
dialog.addEventListener("close", () => {
  if (dialog.dataset["name"]) closeSheet();
});

let pressedOutside = false;
dialog.addEventListener("pointerdown", (event) => {
  pressedOutside = event.target === dialog;
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog && pressedOutside) closeSheet();
});
