// One referral in the dialog.

/** @import { ReferralDetail } from "../../core/contract.ts" */
/** @import { SheetModule } from "../index.js" */

import { api } from "../../core/api.js";
import { h, icon } from "../../core/dom.js";
import { t, term } from "../../core/i18n.js";
import { companyHref, referralHref } from "../../core/router.js";
import { badge, categoryBadge, deadlineBadge, deadlineOf, marks, statusBadge } from "../../parts/badges.js";
import { fillSheet } from "../../parts/dialog.js";
import { meetCompany } from "../../parts/known.js";
import { BADGES, BARS, SECTIONS, TOOLS } from "./sections.js";

/** @typedef {{ previous: string | null, next: string | null }} Steps */

/** @type {Steps & { id: string }} */
let place = { id: "", previous: null, next: null };

/**
 * What has left the list, as after it was accepted, keeps its place: from there one goes on to the next.
 * @param {string} id @param {Steps} beside @returns {Steps}
 */
function steps(id, beside) {
  if (id !== place.id || beside.previous || beside.next) place = { id, ...beside };
  return place;
}

/** @type {SheetModule<ReferralDetail>} */
export const sheet = {
  load: async (id, signal) => {
    const referral = await api.referral(id, signal);
    meetCompany(referral.companyKey, referral.companyName);
    return referral;
  },
  show: (name, referral, beside) => {
    const { previous, next } = steps(referral.id, beside);
    const company = referral.companyName ?? referral.customerName ?? t("unnamed.company");
    fillSheet(
      name,
      {
        over: referral.companyKey
          ? h("a", { href: companyHref(referral.companyKey), dir: "auto" }, company)
          : h("span", { dir: "auto" }, company),
        title: referral.name || t("unnamed.referral"),
        steps: [step(previous, "left", "sheet-previous", t("detail.previous")), step(next, "right", "sheet-next", t("detail.next"))],
        badges: [
          categoryBadge(referral.category),
          statusBadge(referral.status, referral.substatus),
          referral.direction ? badge(term("direction", referral.direction), "plain") : null,
          deadlineBadge(deadlineOf(referral)),
          referral.linkedByHand ? badge(t("linked.badge"), "violet", t("linked.hint")) : null,
          marks({ ...referral, problems: [] })[0] ?? null,
          ...BADGES.map((build) => build(referral)),
        ],
        bars: BARS.map((build) => build(referral)),
        actions: TOOLS.map((build) => build(referral)),
      },
      ...SECTIONS.map((build) => build(referral)),
    );
  },
};

/** @param {string | null} id @param {string} look @param {string} name for the focus and the keyboard @param {string} label */
const step = (id, look, name, label) =>
  id ? h("a.plain", { href: referralHref(id), "data-replace": true, "aria-label": label, title: label, "data-focus": name }, icon(look)) : null;
