// The owner of a referral, wherever one is shown: in the list, in the dialog, over ticked rows.

/** @import { Page, Referral, ReferralDetail } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */
/** @import { Filter } from "../../parts/filters.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { changed } from "../../core/router.js";
import { nothing } from "../../parts/badges.js";
import { choice } from "../../parts/filters.js";
import { pickOwner } from "./picker.js";

/** Names of owners met so far, by address. @type {Map<string, string>} */
const names = new Map();

/** @param {Referral[]} referrals */
export function meetOwners(referrals) {
  for (const { owner } of referrals) if (owner) names.set(owner.mail.toLowerCase(), owner.name);
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

/** The cell of the list: a button for whoever may change it. @param {Referral} referral */
export function ownerCell(referral) {
  const { owner } = referral;
  if (!may("write")) return owner ? h("span", { title: owner.mail, dir: "auto" }, owner.name) : nothing();
  return h(
    "button.cell",
    {
      type: "button",
      "data-focus": `owner-${referral.id}`,
      title: owner?.mail ?? t("owner.set.hint"),
      "aria-label": owner ? t("owner.change", { name: owner.name }) : t("owner.set.hint"),
      onclick: () => pickOwner([referral.id], { owner }),
    },
    owner ? h("span", { dir: "auto" }, owner.name) : nothing(),
  );
}

/** The button of the dialog. @param {ReferralDetail} referral */
export function ownerTool(referral) {
  const { owner, team, id } = referral;
  const label = owner ? t("owner.is", { name: owner.name }) : t("owner.without");
  if (!may("write")) return h("span.badge.plain", { title: owner?.mail, dir: "auto" }, label);
  const mails = (team ?? []).flatMap(({ email }) => (email ? [email] : []));
  return h(
    "button.small",
    { type: "button", "data-focus": "owner", title: owner?.mail, onclick: () => pickOwner([id], { owner, team: mails }) },
    icon("user"),
    h("span", { dir: "auto" }, label),
  );
}

/** What is done with ticked rows. @param {import("../list/bulk.js").Ticked} ticked */
export const ownTicked = ({ ids, clear }) =>
  h("button.small", { type: "button", "data-focus": "bulk-owner", onclick: () => pickOwner(ids, { done: clear }) }, icon("user"), t("owner.bulk"));

/** "Mine", beside the title: one click there, one click back. @param {Route} route */
export function mineTool(route) {
  const on = route.query.getAll("owner").join() === "me";
  return h(
    "a.button",
    { href: changed(route, { owner: on ? null : "me" }), "aria-current": on ? "true" : null, "data-focus": "mine" },
    icon("user"),
    t("owner.mine"),
  );
}

/** @param {Page<Referral>} page */
export const ownersOf = (page) => meetOwners(page.items);
