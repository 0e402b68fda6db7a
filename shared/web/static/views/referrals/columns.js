// The columns of the list of referrals. A room that brings a column adds a line to COLUMNS.

/** @import { Referral } from "../../core/contract.ts" */
/** @import { Column } from "../list/list.js" */

import { serverNow } from "../../core/clock.js";
import { h } from "../../core/dom.js";
import { country, date, dayNumber, fold } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { referralHref } from "../../core/router.js";
import { categoryBadge, deadlineBadge, deadlineOf, marks, nothing, statusBadge } from "../../parts/badges.js";
import { ago, amount, place, whole } from "../../parts/values.js";
import { ownerCell } from "../owners/owners.js";
import { crmBadge } from "../dynamics/badge.js";

/** The customer's own name, and beside it the company that the referral belongs to, where that is called otherwise. @param {Referral} referral */
export function customerCell(referral) {
  const { customerName, companyName, companyNeedsReview } = referral;
  const name = customerName || companyName || t("unnamed.company");
  const other = companyName && fold(companyName) !== fold(name) ? companyName : null;
  return [
    whole("span.strong", name),
    other ? whole("span.sub.belongs", other) : null,
    companyNeedsReview ? h("span.doubt", { title: t("review.doubt") }, "?", h("span.hidden", null, t("review.doubt"))) : null,
    h("span.sub.direction", null, term("direction", referral.direction)),
  ];
}

/** @param {Referral} referral */
function closing({ closingDateTime, status }) {
  if (!closingDateTime) return nothing();
  const past = status !== "Closed" && dayNumber(closingDateTime) < dayNumber(serverNow());
  return past
    ? h("span.late", { title: t("closing.past") }, date(closingDateTime), h("span.hidden", null, `. ${t("closing.past")}`))
    : h("span", null, date(closingDateTime));
}

/** @type {Column<Referral>[]} */
export const COLUMNS = [
  { name: "customer", sort: "customerName", cell: customerCell },
  {
    name: "referral",
    sort: "name",
    cell: (referral) => [
      h(
        "div.title",
        null,
        whole("a.opener", referral.name || t("unnamed.referral"), { href: referralHref(referral.id) }),
        ...marks(referral),
        crmBadge(referral),
      ),
    ],
  },
  { name: "category", cell: (referral) => [categoryBadge(referral.category)] },
  { name: "status", sort: "status", cell: (referral) => [statusBadge(referral.status, referral.substatus)] },
  { name: "owner", cell: (referral) => [ownerCell(referral)] },
  {
    name: "deadline",
    sort: "expirationDateTime",
    cell: (referral) => [deadlineBadge(deadlineOf(referral)) ?? nothing()],
  },
  { name: "closing", sort: "closingDateTime", cell: (referral) => [closing(referral)] },
  { name: "value", sort: "dealValueByCurrency", also: "dealValue", descendingFirst: true, cell: (referral) => [amount(referral.dealValue, referral.currency)] },
  {
    name: "country",
    sort: "country",
    cell: (referral) => [h("span", { title: place(referral.country, referral.city) }, country(referral.country))],
  },
  { name: "updated", sort: "updatedDateTime", descendingFirst: true, cell: (referral) => [ago(referral.updatedDateTime)] },
];
