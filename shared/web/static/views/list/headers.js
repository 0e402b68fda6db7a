// The headers of a list: each sorts by its column. On a phone there are none, and the order is chosen from a select.

/** @import { Route } from "../../core/router.js" */
/** @import { ListKind } from "./list.js" */

import { append, find, h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { changed, current, go } from "../../core/router.js";

/** On a phone there are no column headers, so the order is chosen here. */
export const sortSelect = () =>
  h(
    "label.sort",
    null,
    h("span", null, t("sort.label")),
    h("select", {
      onchange: (/** @type {Event} */ event) =>
        go(changed(current(), { sort: /** @type {HTMLSelectElement} */ (event.target).value })),
    }),
  );

/** @template Item @param {HTMLSelectElement} select @param {ListKind<Item>} kind */
function orders(select, kind) {
  const options = kind.columns.flatMap((column) =>
    column.sort
      ? [false, true].map((down) =>
          h("option", { value: `${down ? "-" : ""}${column.sort}` }, `${t(`column.${column.name}`)} ${down ? "↓" : "↑"}`),
        )
      : [],
  );
  // One that somebody has opened is left alone, unless there is something new in it.
  if (options.length !== select.options.length) show(select, options);
}

/**
 * The order by the name that a column has for it.
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {string} sort
 */
function named(kind, sort) {
  const [sign, name] = sort.startsWith("-") ? ["-", sort.slice(1)] : ["", sort];
  return sign + (kind.columns.find(({ also }) => also === name)?.sort ?? name);
}

/**
 * @template Item
 * @param {HTMLElement} root
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {HTMLElement | null} lead what stands before the columns
 */
export function headers(root, kind, route, lead) {
  const sort = named(kind, route.query.get("sort") ?? kind.defaultSort);
  const select = /** @type {HTMLSelectElement} */ (find(".sort select", root));
  orders(select, kind);
  select.value = sort;
  show(
    find("thead tr", root),
    lead ? h("th.tick", { scope: "col", role: "columnheader" }, lead) : null,
    kind.columns.map((column) => {
      const label = t(`column.${column.name}`);
      const down = sort === `-${column.sort}`;
      const active = column.sort !== undefined && (down || sort === column.sort);
      const cell = h(`th.${column.name}`, {
        scope: "col",
        role: "columnheader",
        "aria-sort": active ? (down ? "descending" : "ascending") : null,
      });
      if (!column.sort) return append(cell, [label]), cell;
      const next = active ? !down : Boolean(column.descendingFirst);
      const address = changed(route, { sort: `${next ? "-" : ""}${column.sort}` });
      append(cell, [
        h(
          "button.sorter",
          { type: "button", "data-focus": `sort-${column.sort}`, onclick: () => go(address) },
          label,
          h("span.arrow", { "aria-hidden": "true" }, active ? (down ? "↓" : "↑") : "↕"),
        ),
      ]);
      return cell;
    }),
  );
}
