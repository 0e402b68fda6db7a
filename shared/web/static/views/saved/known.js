// The saved views that the reader may use, as they were last heard of; and whether a list still shows the one it was opened by.

/** @import { SavedView } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { repaint } from "../../core/refresh.js";
import { BUILT_IN } from "./built-in.js";

/** @type {SavedView[]} */
let known = [];
/** Which were asked for already, so that one that is gone is not asked for again and again. @type {Set<string>} */
const asked = new Set();

/** Asks for all of them. */
export async function loadViews() {
  known = /** @type {{ items: SavedView[] }} */ (await get("/views")).items;
  return known;
}

/** @param {SavedView} view */
export function meetView(view) {
  known = [...known.filter(({ id }) => id !== view.id), view];
}

/**
 * A query as it is compared: without the page, in order.
 * @param {URLSearchParams | string} query
 */
export function comparable(query) {
  const all = new URLSearchParams(query);
  all.delete("page");
  all.sort();
  return all.toString();
}

/** A query as it is kept: without the page. @param {URLSearchParams} query */
export function keepable(query) {
  const all = new URLSearchParams(query);
  all.delete("page");
  return all.toString();
}

/**
 * What a list shows: the saved view that it was opened by, changed or not, or a ready-made one.
 * @param {"referrals" | "companies"} list
 * @param {Route} route
 * @returns {{ name: string, modified: boolean, view: SavedView | null } | null}
 */
export function shown(list, route) {
  const now = comparable(route.query);
  const view = route.saved ? known.find(({ id }) => id === route.saved) : undefined;
  if (view) return { name: view.name, modified: comparable(view.query) !== now, view };
  if (route.saved && !asked.has(route.saved)) {
    asked.add(route.saved);
    loadViews().then(repaint, () => {});
  }
  const ready = BUILT_IN[list].find(({ query }) => comparable(query) === now);
  return ready ? { name: t(ready.name), modified: false, view: null } : null;
}
