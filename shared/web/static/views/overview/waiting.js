// What waits for an answer, the soonest deadline first.

/** @import { Referral, Summary } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { listHref, referralHref } from "../../core/router.js";
import { categoryBadge, deadlineBadge, deadlineOf } from "../../parts/badges.js";
import { amount, place } from "../../parts/values.js";

/** @param {Summary} summary */
export function waiting({ unanswered, total }) {
  const all = listHref("referrals", { waiting: "true", sort: "expirationDateTime" });
  return h(
    "section.card.waiting",
    { "aria-labelledby": "waiting-title" },
    h(
      "header",
      null,
      h("h2", { id: "waiting-title" }, t("overview.waiting")),
      h("a.figure-link", { href: all }, h("strong", null, number(unanswered.count)), " ", t("overview.waiting.unit", { n: unanswered.count })),
      unanswered.dueSoon
        ? h(
            "a.badge.red",
            { href: listHref("referrals", { expiring: 3, sort: "expirationDateTime" }) },
            t("overview.waiting.soon", { n: unanswered.dueSoon }),
          )
        : null,
    ),
    unanswered.next.length
      ? h("ol.next", null, unanswered.next.map(next))
      : h("p.empty", null, h("span.strong", null, t(total ? "overview.waiting.none" : "overview.none"))),
    unanswered.count > unanswered.next.length ? h("a.more", { href: all }, t("overview.waiting.all", { n: unanswered.count })) : null,
  );
}

/** @param {Referral} referral */
const next = (referral) =>
  h(
    "li",
    { "data-key": referral.id },
    h(
      "a",
      { href: referralHref(referral.id) },
      h(
        "span.next-main",
        null,
        h("span.strong", null, referral.customerName || referral.companyName || t("unnamed.company")),
        h("span.sub", null, referral.name || t("unnamed.referral")),
      ),
      categoryBadge(referral.category),
      h("span.next-place.muted", null, place(referral.country)),
      amount(referral.dealValue, referral.currency),
      h("span.next-due", null, deadlineBadge(deadlineOf(referral))),
    ),
  );
