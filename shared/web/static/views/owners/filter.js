// The filter of owners, and the names of those met so far.

/** @import { Page, Referral } from "../../core/contract.ts" */
/** @import { Filter } from "../../parts/filters.js" */

import { t } from "../../core/i18n.js";
import { me } from "../../core/me.js";
import { choice } from "../../parts/filters.js";

/** Names of owners met so far, by address. @type {Map<string, string>} */
const names = new Map();

/** @param {Page<Referral>} page */
export function meetOwners(page) {
  for (const { owner } of page.items) if (owner) names.set(owner.mail.toLowerCase(), owner.name);
}

/** @param {string} value of the parameter */
const ownerName = (value) =>
  value === "me" ? t("owner.mine") : value === "none" ? t("owner.without") : (names.get(value.toLowerCase()) ?? value);

const byOwner = choice("owner", ownerName, ["me", "none"]);

/** Owners with counts, first oneself, and those without. @type {Filter} */
export const ownerFilter = {
  ...byOwner,
  build: (route, facets) => {
    const mine = me.get()?.mail.toLowerCase();
    const others = Object.entries(facets["owner"] ?? {});
    const own = others.find(([mail]) => mail.toLowerCase() === mine)?.[1] ?? 0;
    // How many have none is in no facet; the option goes without a number.
    const none = /** @type {number} */ (/** @type {unknown} */ (null));
    return byOwner.build(route, { ...facets, owner: { me: own, none, ...Object.fromEntries(others.filter(([mail]) => mail.toLowerCase() !== mine)) } });
  },
};
