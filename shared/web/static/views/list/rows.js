// The rows of a list: each opens its item, and arrow keys walk from one to the next.

/** @import { ListKind } from "./list.js" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";

/**
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Item} item
 * @param {HTMLElement | null} lead what stands before the columns
 */
export const row = (kind, item, lead) =>
  h(
    "tr",
    { role: "row" },
    lead ? h("td.tick", { role: "cell" }, lead) : null,
    kind.columns.map((column) =>
      h(`td.${column.name}`, { role: "cell", "data-label": t(`column.${column.name}`) }, column.cell(item)),
    ),
  );

/** The whole row opens what its link opens, but for a selection of text and for other links. @param {MouseEvent} event */
export function openRow(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target || target.closest("a, button, input, label") || String(getSelection() ?? "")) return;
  const link = target.closest("tbody tr")?.querySelector("a.opener");
  if (link instanceof HTMLElement) {
    link.focus({ preventScroll: true });
    link.dispatchEvent(new MouseEvent("click", { ...modifiers(event), bubbles: true, cancelable: true }));
  }
}

/** @param {MouseEvent} event */
const modifiers = ({ ctrlKey, metaKey, shiftKey }) => ({ ctrlKey, metaKey, shiftKey });

/** Arrow keys walk from row to row. @param {KeyboardEvent} event */
export function moveInRows(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const here = event.target instanceof Element ? event.target.closest("tbody tr") : null;
  const there = event.key === "ArrowDown" ? here?.nextElementSibling : here?.previousElementSibling;
  const link = there?.querySelector("a.opener");
  if (!(link instanceof HTMLElement)) return;
  event.preventDefault();
  link.focus();
}
