// One list with its filters, tags, table and pages; referrals and companies are two descriptions of it.

/** @import { Page } from "./contract.ts" */
/** @import { Route } from "./route.js" */

import { append, find, h, icon, reconcile, show } from "./dom.js";
import { filterBar, tags } from "./filters.js";
import { currentLanguage, number, t } from "./i18n.js";
import { changed, current, go, href } from "./route.js";

/**
 * @template Item
 * @typedef {object} Column
 * @property {string} name also the phrase `column.name` and the class of the cells
 * @property {string} [sort] the API's name to sort by
 * @property {boolean} [descendingFirst]
 * @property {(item: Item) => (Node | string | null)[]} cell
 */

/** @typedef {import("./filters.js").Filter} Filter */

/**
 * @template Item
 * @typedef {object} ListKind
 * @property {"referrals" | "companies"} view
 * @property {string} defaultSort
 * @property {Column<Item>[]} columns
 * @property {Filter[]} filters
 * @property {(item: Item) => string} keyOf
 * @property {(item: Item) => string} address of the item's dialog
 * @property {((page: Page<Item>, route: Route) => Node | null)} [tabs]
 */

/**
 * Shows a page of a list in `root`. The frame is built once and then only brought up to date: a refresh keeps place, focus and selection.
 * @template Item
 * @param {HTMLElement} root
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 * @param {number | null} all how many there are without any filter, if known
 */
export function showList(root, kind, route, page, all) {
  const language = currentLanguage();
  const name = `${kind.view} ${language}`;
  if (root.dataset["list"] !== name) {
    root.replaceChildren(frame(kind));
    root.dataset["list"] = name;
  }
  const search = /** @type {HTMLInputElement} */ (find("input[type=search]", root));
  if (document.activeElement !== search) search.value = route.query.get("q") ?? "";
  show(find(".tabs", root), kind.tabs?.(page, route) ?? null);
  filterBar(find(".filters", root), kind.filters, route, page.facets);
  show(find(".tags", root), ...tags(kind.filters, route));
  const sentence = describe(kind, route, page, all);
  const line = find(".sentence", root);
  if (line.textContent !== sentence) line.textContent = sentence;
  headers(root, kind, route);
  const body = find("tbody", root);
  reconcile(body, page.items, kind.keyOf, (item) => row(kind, item), language);
  find("table", root).hidden = page.items.length === 0;
  find(".empty", root).hidden = page.items.length > 0;
  if (page.items.length === 0) show(find(".empty", root), ...emptiness(kind, route, page));
  show(find(".pages", root), ...pages(route, page));
}

/**
 * @template Item
 * @param {ListKind<Item>} kind
 */
function frame(kind) {
  const search = h("input", {
    type: "search",
    id: "q",
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t(`search.${kind.view}`),
    "aria-label": t(`search.${kind.view}`),
  });
  searchAsTyped(/** @type {HTMLInputElement} */ (search));
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
    ),
    h("div.bar", null, h("div.search", null, icon("search"), search), h("div.filters", null)),
    h("div.tags", null),
    h("div.line", null, h("p.sentence", { role: "status" }), sortSelect(kind)),
    h("div.scroll", null, table),
    h("div.empty", { hidden: true }),
    h("nav.pages", { "aria-label": t("pages.label") }),
  );
}

// As in many mail programs, "/" goes to the search.
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
  const search = document.querySelector("input#q");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || typing || !(search instanceof HTMLInputElement)) return;
  event.preventDefault();
  search.focus();
  search.select();
});

/** On a phone there are no column headers, so the order is chosen here. @template Item @param {ListKind<Item>} kind */
function sortSelect(kind) {
  const options = kind.columns.flatMap((column) =>
    column.sort
      ? [false, true].map((down) =>
          h("option", { value: `${down ? "-" : ""}${column.sort}` }, `${t(`column.${column.name}`)} ${down ? "↓" : "↑"}`),
        )
      : [],
  );
  return h(
    "label.sort",
    null,
    h("span", null, t("sort.label")),
    h(
      "select",
      {
        onchange: (/** @type {Event} */ event) =>
          go(changed(current(), { sort: /** @type {HTMLSelectElement} */ (event.target).value })),
      },
      options,
    ),
  );
}

/** @param {HTMLInputElement} input */
function searchAsTyped(input) {
  let timer = 0;
  /** Whether this visit to the field already has an entry in the history. */
  let entered = false;
  const apply = () => {
    clearTimeout(timer);
    const route = current();
    const q = input.value.trim();
    if (q === (route.query.get("q") ?? "")) return;
    go(changed(route, { q }), { replace: entered });
    entered = true;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 180);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") apply();
  });
  input.addEventListener("blur", () => {
    apply();
    entered = false;
  });
}

/**
 * @template Item
 * @param {HTMLElement} root
 * @param {ListKind<Item>} kind
 * @param {Route} route
 */
function headers(root, kind, route) {
  const sort = route.query.get("sort") ?? kind.defaultSort;
  const select = /** @type {HTMLSelectElement} */ (find(".sort select", root));
  select.value = sort;
  show(
    find("thead tr", root),
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

/**
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Item} item
 */
const row = (kind, item) =>
  h(
    "tr",
    { role: "row" },
    kind.columns.map((column) =>
      h(`td.${column.name}`, { role: "cell", "data-label": t(`column.${column.name}`) }, column.cell(item)),
    ),
  );

/** The whole row opens what its link opens, but for a selection of text and for other links. @param {MouseEvent} event */
function openRow(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target || target.closest("a, button, input") || String(getSelection() ?? "")) return;
  const link = target.closest("tbody tr")?.querySelector("a.opener");
  if (link instanceof HTMLElement) {
    link.focus({ preventScroll: true });
    link.dispatchEvent(new MouseEvent("click", { ...modifiers(event), bubbles: true, cancelable: true }));
  }
}

/** @param {MouseEvent} event */
const modifiers = ({ ctrlKey, metaKey, shiftKey }) => ({ ctrlKey, metaKey, shiftKey });

/** Arrow keys walk from row to row. @param {KeyboardEvent} event */
function moveInRows(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const here = event.target instanceof Element ? event.target.closest("tbody tr") : null;
  const there = event.key === "ArrowDown" ? here?.nextElementSibling : here?.previousElementSibling;
  const link = there?.querySelector("a.opener");
  if (!(link instanceof HTMLElement)) return;
  event.preventDefault();
  link.focus();
}

/**
 * "128 of 739 referrals: Incoming, New".
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 * @param {number | null} all
 */
function describe(kind, route, page, all) {
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

/**
 * @param {Route} route
 * @param {{ total: number, page: number, pageSize: number }} page
 */
function pages(route, { total, page, pageSize }) {
  const last = Math.ceil(total / pageSize);
  if (last <= 1) return [];
  const wanted = [...new Set([1, page - 1, page, page + 1, last])].filter((n) => n >= 1 && n <= last);
  /** @param {number} n */
  const address = (n) => changed(route, { page: n === 1 ? null : String(n) });
  const numbers = wanted.flatMap((n, index) => {
    const before = wanted[index - 1];
    const gap = before !== undefined && n - before > 1 ? [h("span.gap", { "aria-hidden": "true" }, "…")] : [];
    const link = h(
      "a",
      { href: address(n), "aria-label": t("pages.page", { n }), "aria-current": n === page ? "page" : null },
      number(n),
    );
    return [...gap, link];
  });
  return [
    h("span.range", null, t("pages.range", { from: (page - 1) * pageSize + 1, to: Math.min(page * pageSize, total), total })),
    h(
      "span.numbers",
      null,
      page > 1 ? h("a.step", { href: address(page - 1), rel: "prev", "data-focus": "prev" }, icon("left"), t("pages.previous")) : null,
      ...numbers,
      page < last ? h("a.step", { href: address(page + 1), rel: "next", "data-focus": "next" }, t("pages.next"), icon("right")) : null,
    ),
  ];
}
