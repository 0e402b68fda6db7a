// The menu of exports beside a list's title and in the bar of ticked rows: Excel first.

/** @import { Page } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { menu } from "../../parts/menu.js";
import { download } from "./download.js";

/** @typedef {"referrals" | "companies"} ListName */

/** @type {{ label: string, note: string, list?: ListName, how: Record<string, string> }[]} */
const KINDS = [
  { label: "export.xlsx", note: ".xlsx", how: { format: "xlsx" } },
  { label: "export.partnerCenter", note: ".xlsx", list: "referrals", how: { format: "xlsx", columns: "partnerCenter" } },
  { label: "export.partnerCenter", note: ".csv", list: "referrals", how: { format: "csv", columns: "partnerCenter" } },
  { label: "export.csv", note: "a,b 1.5", how: { format: "csv" } },
  { label: "export.csv", note: "a;b 1,5", how: { format: "csv", dialect: "eu" } },
  { label: "export.ndjson", note: ".ndjson", how: { format: "ndjson" } },
];

/**
 * @param {ListName} list
 * @param {Route} route
 * @param {Page<unknown>} page
 */
export function exportMenu(list, route, page) {
  const query = new URLSearchParams(route.query);
  query.delete("page");
  return build(`export-${list}`, list, query, page.total, "end");
}

/** Of the ticked rows. @param {ListName} list @param {string[]} ids */
export function exportTicked(list, ids) {
  const query = new URLSearchParams();
  for (const id of ids) query.append("ids", id);
  if (list === "referrals") query.set("missing", "include");
  return build(`export-ticked-${list}`, list, query, ids.length, "start");
}

/**
 * @param {string} name
 * @param {ListName} list
 * @param {URLSearchParams} query
 * @param {number} rows
 * @param {"start" | "end"} align
 */
function build(name, list, query, rows, align) {
  return menu(name, [t("export.title")], () => entries(list, query, rows), { title: t("export.title"), kind: ".button", align });
}

/** @param {ListName} list @param {URLSearchParams} query @param {number} rows */
function entries(list, query, rows) {
  const contacts = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", name: "contacts" }));
  return [
    h("p.menu-title", null, t("export.rows", { n: rows })),
    ...KINDS.filter((kind) => !kind.list || kind.list === list).map(({ label, note, how }) =>
      h(
        "button.menu-item",
        {
          type: "button",
          onclick: () => {
            const wanted = new URLSearchParams(query);
            for (const [key, value] of Object.entries(how)) wanted.set(key, value);
            if (contacts.checked) wanted.set("contacts", "true");
            download(list, wanted, rows);
          },
        },
        h("span.grow", null, t(label)),
        h("span.sub", null, note),
      ),
    ),
    list === "referrals" ? h("label.option", null, contacts, h("span.grow", null, t("export.contacts"))) : null,
  ];
}
