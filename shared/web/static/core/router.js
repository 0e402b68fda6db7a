// The address is the state: which view, which filters, which dialog. Nothing else remembers where the reader is.

import { leave, stay } from "./places.js";

/** @typedef {{ view: string, query: URLSearchParams, id: string | null, key: string | null, panel: string | null, saved: string | null }} Route saved: the view of the reader's that a list was opened by */
/** @typedef {{ name: string, parameters?: string[] }} Addressed a view, with the parameters that its address takes */

/** The view that is shown without a name in the address. */
const FIRST = "overview";

/** @type {Map<string, string[]>} */
const views = new Map();

/** Says which views there are. Called once, by app.js, with the table in views/index.js. @param {Addressed[]} table */
export function defineViews(table) {
  for (const { name, parameters } of table) views.set(name, parameters ?? []);
}

/**
 * @param {string} search
 * @returns {Route}
 */
export function parse(search) {
  const all = new URLSearchParams(search);
  const named = all.get("view") ?? FIRST;
  const view = views.has(named) ? named : FIRST;
  const query = new URLSearchParams();
  for (const name of views.get(view) ?? []) for (const value of all.getAll(name)) if (value) query.append(name, value);
  return { view, query, id: all.get("id"), key: all.get("key"), panel: all.get("panel"), saved: all.get("saved") };
}

/**
 * The address of a route.
 * @param {Partial<Route>} route
 */
export function href(route) {
  const all = new URLSearchParams();
  if (route.view && route.view !== FIRST) all.set("view", route.view);
  for (const [name, value] of route.query ?? []) all.append(name, value);
  if (route.saved) all.set("saved", route.saved);
  if (route.panel) all.set("panel", route.panel);
  if (route.key) all.set("key", route.key);
  if (route.id) all.set("id", route.id);
  return all.size ? `/app?${all}` : "/app";
}

/**
 * The address of a view with parameters.
 * @param {string} view
 * @param {Record<string, string | number | string[] | null | undefined>} [filters]
 */
export function listHref(view, filters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value === null || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  return href({ view, query });
}

/**
 * The address of the list with some parameters changed; any change but of the page itself goes back to page 1.
 * @param {Route} route
 * @param {Record<string, string | string[] | null>} changes
 */
export function changed(route, changes) {
  const query = new URLSearchParams(route.query);
  if (!("page" in changes)) query.delete("page");
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of value === null ? [] : Array.isArray(value) ? value : [value]) if (each) query.append(name, each);
  }
  return href({ view: route.view, query, saved: route.saved });
}

/** @param {Route} route */
export const hasSheet = (route) => Boolean(route.id || route.key || route.panel);

/** How many entries of the history the open dialog has made; 0 when the page was opened with the dialog already in the address. */
const depth = () => Number(/** @type {{ depth?: number } | null} */ (history.state)?.depth ?? 0);

export const current = () => parse(location.search);

/** @type {((route: Route) => void)[]} */
const listeners = [];

/** @param {(route: Route) => void} listener */
export const onRoute = (listener) => listeners.push(listener);

const announce = () => {
  goingBack = false;
  const route = current();
  for (const listener of listeners) listener(route);
};

/**
 * Goes to an address of the page.
 * @param {string} address
 * @param {{ replace?: boolean }} [how]
 */
export function go(address, how = {}) {
  const target = parse(new URL(address, location.origin).search);
  const openedDirectly = hasSheet(current()) && depth() === 0;
  const steps = !hasSheet(target) || openedDirectly ? 0 : how.replace ? depth() : depth() + 1;
  if (how.replace) history.replaceState({ depth: steps, entry: stay() }, "", address);
  else history.pushState({ depth: steps, entry: leave() }, "", address);
  announce();
}

/** Whether the browser is on its way back already: Esc may be pressed twice. */
let goingBack = false;

/** Closes the dialog: back to where it was opened from, or, if the page was opened with it, to the view beneath. */
export function closeSheet() {
  if (goingBack) return;
  const steps = depth();
  goingBack = steps > 0;
  if (goingBack) history.go(-steps);
  else go(href({ ...current(), id: null, key: null, panel: null }), { replace: true });
}

/** The address of a referral's dialog over whatever is shown now. @param {string} id */
export const referralHref = (id) => href({ ...current(), id, panel: null });

/** @param {string} key */
export const companyHref = (key) => href({ ...current(), key, id: null, panel: null });

addEventListener("popstate", announce);

// One listener makes every plain link of the page a step inside it; modified clicks keep the browser's own meaning.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href^='/app']") : null;
  if (!link || link.hasAttribute("target") || link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.getAttribute("href") ?? "/app", { replace: link.hasAttribute("data-replace") });
});
