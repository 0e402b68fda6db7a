// The owner of a referral, wherever one is shown: in the list, in the dialog, over ticked rows.

/** @import { Referral, ReferralDetail } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { changed } from "../../core/router.js";
import { nothing } from "../../parts/badges.js";
import { pickOwner } from "./picker.js";

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
