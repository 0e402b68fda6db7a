// The bar that appears while rows are ticked: how many, all of the filter, what can be done with them.

/** @import { Page } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */
/** @import { Selection } from "../../parts/selection.js" */
/** @import { ListKind } from "./list.js" */

import { get } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { refresh } from "../../core/refresh.js";
import { problemText } from "../../parts/problems.js";
import { MOST, selection } from "../../parts/selection.js";
import { toast } from "../../parts/toasts.js";
import { BULK } from "./bulk.js";

/** @type {Record<string, Selection>} */
const selections = {};
/** What each selection was made in: another filter begins a new one. @type {Record<string, string>} */
const made = {};
/** Ends following the selection that was shown before. */
let stop = () => {};

/** @param {"referrals" | "companies"} list */
const offered = (list) => BULK.filter((action) => action.list === list && action.when());

/**
 * The selection of a list, or null where nothing can be done with one.
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 */
export function ticked(kind, route, page) {
  if (offered(kind.view).length === 0) return null;
  const chosen = (selections[kind.view] ??= selection());
  const filter = filterOf(route);
  if (made[kind.view] !== filter) chosen.clear();
  made[kind.view] = filter;
  chosen.shows(page.items.map(kind.keyOf));
  return chosen;
}

/** @param {Route} route */
function filterOf({ query }) {
  const filter = new URLSearchParams(query);
  filter.delete("page");
  filter.delete("sort");
  return filter.toString();
}

/**
 * @template Item
 * @param {HTMLElement} place
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {Page<Item>} page
 * @param {Selection | null} chosen
 */
export function bulkBar(place, kind, route, page, chosen) {
  stop();
  if (!chosen) return show(place);
  const paint = () => {
    const ids = [...chosen.ids.get()];
    if (ids.length === 0) return show(place);
    const actions = offered(kind.view).map(({ build }) => build({ ids, clear: chosen.clear, refresh }));
    show(
      place,
      h(
        "div.bulk",
        { role: "region", "aria-label": t("select.title") },
        h("span.strong", { role: "status" }, t("select.count", { n: ids.length })),
        ids.length < Math.min(page.total, MOST) ? all(kind, route, page.total, chosen) : null,
        h("div.actions", null, actions),
        h("button.small", { type: "button", "data-focus": "select-clear", onclick: chosen.clear }, t("select.clear")),
      ),
    );
  };
  stop = chosen.ids.watch(paint);
  paint();
}

/**
 * Ticks all that the filter finds, or as many as may be ticked.
 * @template Item
 * @param {ListKind<Item>} kind
 * @param {Route} route
 * @param {number} total
 * @param {Selection} chosen
 */
const all = (kind, route, total, chosen) =>
  h(
    "button.small",
    {
      type: "button",
      "data-focus": "select-all",
      onclick: async () => {
        const query = new URLSearchParams(route.query);
        query.delete("page");
        query.set("pageSize", String(MOST));
        try {
          const { items } = /** @type {Page<Item>} */ (await get(`/${kind.view}?${query}`));
          chosen.choose(items.map(kind.keyOf));
        } catch (error) {
          toast("error", problemText(error));
        }
      },
    },
    total > MOST ? t("select.first", { n: MOST }) : t("select.all", { n: total }),
  );
