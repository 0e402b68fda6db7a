// Badges: what something is, in a word and a colour. The colour never says it alone.

/** @import { Company, Referral } from "../core/contract.ts" */

import { serverNow } from "../core/clock.js";
import { h, icon } from "../core/dom.js";
import { date, dateTime, dayNumber } from "../core/format.js";
import { t, term } from "../core/i18n.js";

/** @param {string} text @param {string} tone a class of app.css: blue, green, teal, violet, orange, amber, red, grey, plain @param {string} [title] */
export const badge = (text, tone, title) => h(`span.badge.${tone}`, { title }, text);

/** For what has no value. */
export const nothing = () => h("span.muted", null, "–");

/** @type {Record<string, string>} */
const CATEGORY_TONES = {
  coSell: "blue",
  marketplaceLead: "green",
  qualifiedLead: "teal",
  private: "violet",
  partnerLed: "orange",
};

/** @param {string | null} category */
export const categoryBadge = (category) =>
  category ? badge(term("category", category), CATEGORY_TONES[category] ?? "grey", t(`categoryHint.${category}`)) : nothing();

/** @type {Record<string, string>} */
const STATUS_TONES = { New: "cyan", Active: "green", Closed: "grey", Won: "won", Lost: "lost" };

/**
 * @param {string | null} status
 * @param {string | null} substatus
 */
export function statusBadge(status, substatus) {
  if (!status) return nothing();
  const tone = (substatus && STATUS_TONES[substatus]) || STATUS_TONES[status] || "grey";
  const second = substatus && substatus !== "None" ? h("span.sub", null, term("substatus", substatus)) : null;
  return h("span.state", null, h(`span.dot.${tone}`, { "aria-hidden": "true" }), h("span", null, term("status", status)), second);
}

/**
 * How long somebody still waits for an answer, or for how long in vain, by calendar days where the reader is.
 * @param {string | null} when the deadline; null: nobody waits
 */
export function deadlineBadge(when) {
  if (!when || Number.isNaN(Date.parse(when))) return null;
  const now = serverNow();
  const days = dayNumber(when) - dayNumber(now);
  if (Date.parse(when) < now) return badge(days < 0 ? t("deadline.past", { n: -days }) : t("deadline.pastToday"), "past", dateTime(when));
  const text = days <= 0 ? t("deadline.today") : t("deadline.in", { n: days });
  return badge(text, days <= 3 ? "red" : days <= 7 ? "amber" : "grey", dateTime(when));
}

/** The deadline of a referral that waits for an answer, else null. @param {Referral} referral */
export const deadlineOf = ({ expiresInDays, expirationDateTime }) => (expiresInDays === null ? null : expirationDateTime);

/** @param {Referral} referral */
export function marks(referral) {
  return [
    referral.missingSince ? badge(t("missing.badge"), "amber", t("missing.hint", { when: date(referral.missingSince) })) : null,
    referral.problems?.length
      ? h(
          "span.warning",
          { title: t("problems.hint", { n: referral.problems.length }) },
          icon("warning"),
          h("span.hidden", null, t("problems.hint", { n: referral.problems.length })),
        )
      : null,
  ];
}

/** @param {Company} company */
export const m365Badge = (company) =>
  company.isM365 ? badge("Microsoft 365", "m365", company.tenantId ? t("m365.hint", { tenant: company.tenantId }) : "") : null;

/** @param {Company} company */
export const reviewBadge = (company) => (company.needsReview ? badge(t("review.badge"), "amber", t("review.hint")) : null);
