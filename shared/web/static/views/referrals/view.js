// The list of referrals.

/** @import { Page, Referral } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */
/** @import { ListKind } from "../list/list.js" */

import { api } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { changed, referralHref } from "../../core/router.js";
import { meetCompany } from "../../parts/known.js";
import { learnTotal, showList } from "../list/list.js";
import { meetOwners } from "../owners/filter.js";
import { COLUMNS } from "./columns.js";
import { FILTERS } from "./filters.js";

/** @type {ListKind<Referral>} */
const referrals = {
  view: "referrals",
  defaultSort: "-updatedDateTime",
  keyOf: (referral) => referral.id,
  nameOf: (referral) => referral.name || t("unnamed.referral"),
  address: (referral) => referralHref(referral.id),
  columns: COLUMNS,
  filters: FILTERS,
  note: ({ query }) => (/ByCurrency$/.test(query.get("sort") ?? "") && query.getAll("currency").length !== 1 ? t("value.grouped") : null),
  tabs,
};

/**
 * @param {Page<Referral>} page
 * @param {Route} route
 */
function tabs(page, route) {
  const counts = page.facets["direction"] ?? {};
  const chosen = route.query.getAll("direction");
  const now = chosen.length === 0 ? "" : chosen.length === 1 ? chosen[0] : null;
  return h(
    "nav.tab-list",
    { "aria-label": t("column.direction") },
    ["Incoming", "Outgoing", ""].map((direction) =>
      h(
        "a",
        { href: changed(route, { direction }), "aria-current": direction === now ? "page" : null, "data-focus": `tab-${direction}` },
        direction ? term("direction", direction) : t("direction.all"),
        // Some referrals have no direction, so all of them are more than the two together.
        direction || now === "" ? h("span.count", null, number(direction ? (counts[direction] ?? 0) : page.total)) : null,
      ),
    ),
  );
}

/** @type {import("../index.js").ViewModule<Page<Referral>>} */
export const view = {
  load: async (route, signal) => {
    const page = await api.referrals(route.query, signal);
    for (const { companyKey, companyName } of page.items) meetCompany(companyKey, companyName);
    // A filter from before a company was merged leads to what it became, and is called so.
    const [asked, ...more] = route.query.getAll("company");
    if (asked && more.length === 0) meetCompany(asked, page.items[0]?.companyName ?? null);
    meetOwners(page);
    learnTotal("referrals", route, page.total);
    return page;
  },
  show: (root, page, route) => showList(root, referrals, route, page),
  version: (page) => page.dataVersion,
  around: (page) => page.items.map(({ id }) => id),
};
