// The one dialog of the page. It is opened and closed by the address alone.

import { find, focusKey, h, icon, show, template } from "./dom.js";
import { t } from "./i18n.js";
import { closeSheet } from "./route.js";
import { moveToasts } from "./messages.js";

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
  for (const part of parts) {
    for (const element of part.querySelectorAll("details")) if (open.has(element.id)) element.open = true;
  }
  show(body, ...parts);
  find(".sheet-content", body).scrollTop = first ? 0 : scroll;
  if (first) find("#sheet-title", body).focus({ preventScroll: true });
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
  if (element instanceof HTMLElement && element.isConnected) element.focus({ preventScroll: true });
  else find("#main").focus({ preventScroll: true });
}

/**
 * The shown part of the dialog must not be thrown away while somebody is filling in a form in it.
 */
export const busySheet = () =>
  body.querySelector("form.link-form") !== null ||
  (document.activeElement instanceof HTMLElement &&
    body.contains(document.activeElement) &&
    document.activeElement.matches("input, select, textarea"));

/**
 * @param {{ title: string, over?: Node | string | null, badges?: (Node | null)[], actions?: (Node | null)[], steps?: (Node | null)[] }} head
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
      head.actions?.some(Boolean) ? h("div.actions", null, head.actions) : null,
    ),
    h("div.sheet-content", { tabindex: -1 }, content),
  ];
}

/**
 * @param {string} title
 * @param {(Node | string | null)[]} content
 * @param {string} [className]
 */
export const section = (title, content, className = "") =>
  h(`section.part${className}`, null, h("h3", null, title), content);

/**
 * Names and values; those without a value are left out.
 * @param {[string, Node | string | null | undefined | false][]} pairs
 */
export const facts = (pairs) =>
  h(
    "dl.facts",
    null,
    pairs.flatMap(([name, value]) =>
      value && value !== "–" ? [h("div", null, h("dt", null, name), h("dd", { dir: "auto" }, value))] : [],
    ),
  );

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
