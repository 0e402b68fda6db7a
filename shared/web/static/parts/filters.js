// Filters of a list: each is a small panel, a way to say itself in words, and removable tags.

/** @import { Facets } from "../core/contract.ts" */
/** @import { Route } from "../core/router.js" */

import { find, h, icon, show } from "../core/dom.js";
import { collate, fold, number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { currentLanguage } from "../core/language.js";
import { changed, current, go } from "../core/router.js";

/** @typedef {{ text: string, without: Record<string, string | string[] | null> }} Said what is chosen, and how to take it away */

/**
 * @typedef {object} Filter
 * @property {string} name also the phrase `filter.name`
 * @property {() => boolean} [when] whether it is offered; always without
 * @property {boolean} [panel] false: only said and removed, chosen elsewhere
 * @property {(query: URLSearchParams) => Said[]} describe
 * @property {(route: Route, facets: Facets) => HTMLElement[]} build
 */

/** @typedef {{ label: string, values: string[], count: number }} Group values that mean, and so read, the same */

/**
 * @param {[string, number][]} counted values with their counts
 * @param {(value: string) => string} label
 * @returns {Group[]}
 */
function grouped(counted, label) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  // The usual spelling first: it names them all.
  for (const [value, count] of counted.toSorted((a, b) => b[1] - a[1])) {
    const text = label(value);
    const group = groups.get(fold(text)) ?? { label: text, values: [], count: 0 };
    group.values.push(value);
    group.count += count;
    groups.set(fold(text), group);
  }
  return [...groups.values()];
}

/**
 * What is chosen of one parameter, in words; values that mean the same are said once.
 * @param {string} name
 * @param {(value: string) => string} label
 * @returns {(query: URLSearchParams) => Said[]}
 */
const saying = (name, label) => (query) =>
  grouped(query.getAll(name).map((value) => [value, 0]), label).map((group) => ({
    text: group.label,
    without: { [name]: query.getAll(name).filter((value) => !group.values.includes(value)) },
  }));

/**
 * One of several values, with counts.
 * @param {string} name parameter and facet
 * @param {(value: string) => string} label
 * @param {string[]} [order] values that have an order of their own; the others follow by count
 * @returns {Filter}
 */
export const choice = (name, label, order = []) => ({
  name,
  describe: saying(name, label),
  build: (route, facets) => {
    const chosen = route.query.getAll(name);
    const counts = { ...Object.fromEntries(chosen.map((value) => [value, 0])), ...facets[name] };
    const rank = (/** @type {Group} */ { values }) => (order.includes(values[0] ?? "") ? order.indexOf(values[0] ?? "") : order.length);
    const groups = grouped(Object.entries(counts), label).sort(
      (a, b) => rank(a) - rank(b) || b.count - a.count || collate(a.label, b.label),
    );
    if (groups.length === 0) return [h("p.muted", null, t("filter.none"))];
    return groups.map((group) => {
      const on = group.values.some((value) => chosen.includes(value));
      return option("checkbox", name, group.values[0] ?? "", group.label, on, group.count, (wanted) => {
        const others = current().query.getAll(name).filter((other) => !group.values.includes(other));
        go(changed(current(), { [name]: wanted ? [...others, ...group.values] : others }));
      });
    });
  },
});

/**
 * Exactly one of a few values, the first of them being no filter at all.
 * @param {string} name
 * @param {string[]} values
 * @param {(value: string) => string} [label]
 * @returns {Filter}
 */
export const oneOf = (name, values, label = (value) => t(`${name}.${value}`)) => ({
  name,
  describe: (query) => query.getAll(name).map((value) => ({ text: label(value), without: { [name]: null } })),
  build: (route, facets) =>
    ["", ...values].map((value) => {
      const counts = facets[name];
      const count = value && counts ? (counts[value] ?? 0) : null;
      const chosen = (route.query.get(name) ?? "") === value;
      return option("radio", name, value, value ? label(value) : t(`${name}.any`), chosen, count, () =>
        go(changed(current(), { [name]: value })),
      );
    }),
});

/**
 * A parameter that is chosen elsewhere (a link, the search field) and here only said and taken away.
 * @param {string} name
 * @param {(value: string) => string} label
 * @returns {Filter}
 */
export const given = (name, label) => ({
  name,
  panel: false,
  describe: saying(name, label),
  build: () => [],
});

/**
 * @param {"checkbox" | "radio"} type
 * @param {string} name
 * @param {string} value
 * @param {string} label
 * @param {boolean} checked
 * @param {number | null} count
 * @param {(on: boolean) => void} change
 */
const option = (type, name, value, label, checked, count, change) =>
  h(
    "label.option",
    null,
    h("input", {
      type,
      name: `filter-${name}`,
      value,
      checked,
      "data-focus": `${name}=${value}`,
      onchange: (/** @type {Event} */ event) => change(/** @type {HTMLInputElement} */ (event.target).checked),
    }),
    h("span.grow", null, label),
    count === null ? null : h("span.count", null, number(count)),
  );

/**
 * Brings the panels up to date. A panel that is open stays open, with its focus.
 * @param {HTMLElement} bar
 * @param {Filter[]} filters
 * @param {Route} route
 * @param {Facets} facets
 */
export function filterBar(bar, filters, route, facets) {
  const panels = filters.filter(({ panel: offered, when }) => offered !== false && (when?.() ?? true));
  if (bar.dataset["language"] !== currentLanguage() || bar.childElementCount !== panels.length) {
    bar.replaceChildren(...panels.map((filter) => panel(filter)));
    bar.dataset["language"] = currentLanguage();
  }
  for (const filter of panels) {
    const details = find(`details[data-filter="${filter.name}"]`, bar);
    const chosen = filter.describe(route.query).length;
    details.classList.toggle("chosen", chosen > 0);
    const count = find(".chosen-count", details);
    count.hidden = chosen === 0;
    count.textContent = number(chosen);
    const body = find(".panel-body", details);
    // Somebody who is typing into a panel is not interrupted by what a refresh brings.
    const typing = body.contains(document.activeElement) && document.activeElement?.matches("input:not([type=checkbox], [type=radio]), select");
    if (!typing) show(body, ...filter.build(route, facets));
  }
}

/** @param {Filter} filter */
function panel(filter) {
  const title = t(`filter.${filter.name}`);
  const details = h(
    "details.filter",
    { name: "filter", "data-filter": filter.name },
    h("summary", null, title, h("span.chosen-count", { hidden: true }), icon("down")),
    h(
      "div.panel",
      null,
      h(
        "div.panel-head",
        null,
        h("strong", null, title),
        h("button.plain", { type: "button", "aria-label": t("filters.close"), onclick: () => close() }, icon("close")),
      ),
      h("div.panel-body", { role: "group", "aria-label": title }),
    ),
  );
  return details;
}

/** Closes the open panel. @returns {boolean} whether there was one */
export function close() {
  const open = document.querySelector("details.filter[open]");
  if (!open) return false;
  const inside = open.contains(document.activeElement);
  open.removeAttribute("open");
  if (inside) find("summary", open).focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && close()) event.preventDefault();
});
document.addEventListener("pointerdown", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  // The backdrop of the small screen's panel is part of the <details> itself.
  if (!target?.closest("details.filter[open] > .panel, details.filter > summary")) close();
});

/**
 * What is chosen, each with its own way out, and one way out of all.
 * @param {Filter[]} filters
 * @param {Route} route
 */
export function tags(filters, route) {
  const said = filters.filter(({ name }) => name !== "direction").flatMap((filter) => filter.describe(route.query));
  if (said.length === 0) return [];
  const clean = new URLSearchParams();
  for (const name of ["direction", "sort"]) for (const value of route.query.getAll(name)) clean.append(name, value);
  return [
    ...said.map(({ text, without }) =>
      h(
        "a.tag",
        { href: changed(route, without), "aria-label": t("filters.remove", { what: text }) },
        text,
        icon("close"),
      ),
    ),
    said.length > 1 ? h("a.clear", { href: changed({ ...route, query: clean }, {}) }, t("filters.clear")) : null,
  ];
}
