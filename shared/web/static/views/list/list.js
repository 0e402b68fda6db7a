// One list with its filters, tags, table and pages; referrals and companies are two descriptions of it.

/** @import { Page } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */
/** @import { Filter } from "../../parts/filters.js" */

import { api } from "../../core/api.js";
import { find, h, reconcile, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { repaint } from "../../core/refresh.js";
import { changed, href } from "../../core/router.js";
import { filterBar, tags } from "../../parts/filters.js";
import { totals } from "../../parts/known.js";
import { bulkBar, ticked } from "./bulk-bar.js";
import { headers, sortSelect } from "./headers.js";
import { pages } from "./pages.js";
import { moveInRows, openRow, row } from "./rows.js";
import { searchField } from "./search.js";
import { TOOLS } from "./tools.js";

/**
 * @template Item
 * @typedef {object} Column
 * @property {string} name also the phrase `column.name` and the class of the cells
 * @property {string} [sort] the API's name to sort by
 * @property {string} [also] another name of the API's that sorts alike
 * @property {boolean} [descendingFirst]
 * @property {() => boolean} [when] whether it is shown at all
 * @property {(item: Item) => (Node | string | null)[]} cell
 */

/**
 * @template Item
 * @typedef {object} ListKind
 * @property {"referrals" | "companies"} view
 * @property {string} defaultSort
 * @property {Column<Item>[]} columns
 * @property {Filter[]} filters
 * @property {(item: Item) => string} keyOf
 * @property {(item: Item) => string} nameOf
 * @property {(item: Item) => string} address of the item's dialog
 * @property {((page: Page<Item>, route: Route) => Node | null)} [tabs]
 * @property {((route: Route) => string | null)} [note] what is to be known about the order
 */

/**
 * Shows a page of a list in `root`. The frame is built once and then only brought up to date: a refresh keeps place, focus and selection.
 * @template Item
 * @param {HTMLElement} root
 * @param {ListKind<Item>} described
 * @param {Route} route
 * @param {Page<Item>} page
 */
export function showList(root, described, route, page) {
  const kind = { ...described, columns: described.columns.filter(({ when }) => !when || when()) };
  const language = currentLanguage();
  const tick = ticked(kind, route, page);
  const look = `${language} ${kind.columns.map(({ name }) => name)} ${tick !== null}`;
  // Who reads is known some time after the first rows: only these are built anew then, and nobody loses what they have begun.
  const name = `${kind.view} ${language}`;
  if (root.dataset["list"] !== name) {
    root.replaceChildren(frame(kind));
    root.dataset["list"] = name;
  }
  const search = /** @type {HTMLInputElement} */ (find("input[type=search]", root));
  if (document.activeElement !== search) search.value = route.query.get("q") ?? "";
  show(find(".tabs", root), kind.tabs?.(page, route) ?? null);
  tools(find(".list-tools", root), kind.view, route, page);
  filterBar(find(".filters", root), kind.filters, route, page.facets);
  show(find(".tags", root), ...tags(kind.filters, route));
  const sentence = describe(kind, route, page);
  const line = find(".sentence", root);
  if (line.textContent !== sentence) line.textContent = sentence;
  show(find(".note", root), kind.note?.(route) ?? null);
  headers(root, kind, route, tick?.allBox() ?? null);
  const body = find("tbody", root);
  reconcile(body, page.items, kind.keyOf, (item) => row(kind, item, tick?.box(kind.keyOf(item), kind.nameOf(item)) ?? null), look);
  find("table", root).hidden = page.items.length === 0;
  find(".empty", root).hidden = page.items.length > 0;
  if (page.items.length === 0) show(find(".empty", root), ...emptiness(kind, route, page));
  show(find(".pages", root), ...pages(route, page));
  find(".print-note", root).textContent = partOf(page);
  bulkBar(find(".bulk-place", root), kind, route, page, tick);
}

/**
 * @template Item
 * @param {ListKind<Item>} kind
 */
function frame(kind) {
  const table = h(
    "table.items",
    { role: "table" },
    h("caption.hidden", null, `${t(`nav.${kind.view}`)}. ${t("table.caption")}`),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" })),
    h("tbody", { role: "rowgroup" }),
  );
  table.classList.add(kind.view);
  table.addEventListener("click", openRow);
  table.addEventListener("keydown", moveInRows);
  return h(
    "section.list",
    { "aria-labelledby": "title" },
    h(
      "div.head",
      null,
      h("h1", { id: "title", tabindex: -1 }, t(`nav.${kind.view}`)),
      h("div.tabs", null),
      h("div.list-tools", null),
    ),
    h("div.bar", null, searchField(t(`search.${kind.view}`)), h("div.filters", null)),
    h("div.tags", null),
    h("div.line", null, h("div.said", null, h("p.sentence", { role: "status" }), h("p.print-note", null), h("p.sub.note", null)), sortSelect()),
    h("div.scroll", null, table),
    h("div.empty", { hidden: true }),
    h("nav.pages", { "aria-label": t("pages.label") }),
    h("div.bulk-place", null),
  );
}

/** On paper, a page of a list says that it is part of one. @param {{ page: number, pageSize: number, total: number }} page */
function partOf({ page, pageSize, total }) {
  if (total <= pageSize) return "";
  return t("print.part", { from: (page - 1) * pageSize + 1, to: Math.min(page * pageSize, total), total });
}

/**
 * What other rooms put beside the title: menus of views, of exports. A menu that is open is left alone, unless it was opened while
 * the list of another address was on its way: then it opens anew, for this one.
 * @param {HTMLElement} place
 * @param {"referrals" | "companies"} list
 * @param {Route} route
 * @param {Page<any>} page
 */
function tools(place, list, route, page) {
  const open = /** @type {HTMLElement | null} */ (place.querySelector("details[open]"));
  const address = href({ view: list, query: route.query, saved: route.saved });
  if (open && place.dataset["address"] === address) return;
  place.dataset["address"] = address;
  show(place, TOOLS.map((tool) => tool(list, route, page)));
  place.querySelector(`details[data-menu="${open?.dataset["menu"]}"]`)?.setAttribute("open", "");
}

/**
 * The whole number is known from the unfiltered list or the summary; until then the sentence goes without it.
 * @param {"referrals" | "companies"} view
 * @param {Route} route
 * @param {number} total
 */
export function learnTotal(view, route, total) {
  const filtered = [...route.query.keys()].some((name) => name !== "sort" && name !== "page");
  if (!filtered) totals[view] = total;
  else if (totals[view] === null) {
    setTimeout(async () => {
      try {
        const summary = await api.summary();
        totals["referrals"] ??= summary.total;
        totals["companies"] ??= summary.companies.total;
        repaint();
      } catch {
        // The sentence does without.
      }
    });
  }
}

/**
 * "128 of 739 referrals: Incoming, New".
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 */
function describe(kind, route, page) {
  const all = totals[kind.view] ?? null;
  const chosen = kind.filters.flatMap((filter) => filter.describe(route.query)).map(({ text }) => text);
  const count =
    all !== null && all > page.total
      ? t(`sentence.${kind.view}.of`, { n: all, shown: page.total })
      : t(`sentence.${kind.view}`, { n: page.total });
  return chosen.length ? `${count} · ${chosen.join(", ")}` : count;
}

/**
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 */
function emptiness(kind, route, page) {
  const beyond = page.total > 0;
  const filtered = kind.filters.some((filter) => filter.describe(route.query).length > 0);
  const [title, hint] = beyond
    ? ["empty.page", "empty.page.hint"]
    : filtered
      ? ["empty.filtered", "empty.filtered.hint"]
      : ["empty.all", "empty.all.hint"];
  return [
    h("p.strong", null, t(title)),
    h("p.muted", null, t(hint)),
    beyond
      ? h("a.button", { href: changed(route, { page: null }) }, t("pages.first"))
      : filtered
        ? h("a.button", { href: href({ view: kind.view }) }, t("filters.clear"))
        : null,
  ];
}
