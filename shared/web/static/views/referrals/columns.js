// The columns of the list of referrals. A room that brings a column adds a line to COLUMNS.

/** @import { Referral } from "../../core/contract.ts" */
/** @import { Column } from "../list/list.js" */

import { h } from "../../core/dom.js";
import { country, date } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { referralHref } from "../../core/router.js";
import { categoryBadge, deadlineBadge, marks, nothing, statusBadge } from "../../parts/badges.js";
import { ago, amount, place, whole } from "../../parts/values.js";

/** @param {Referral} referral */
const answered = (referral) =>
  referral.expirationDateTime
    ? h("span.sub", { title: t("deadline.was") }, date(referral.expirationDateTime))
    : nothing();

/** @type {Column<Referral>[]} */
export const COLUMNS = [
  {
    name: "company",
    sort: "companyName",
    cell: (referral) => [
      whole("span.strong", referral.companyName ?? referral.customerName ?? t("unnamed.company")),
      h("span.sub.direction", null, term("direction", referral.direction)),
    ],
  },
  {
    name: "referral",
    sort: "name",
    cell: (referral) => [
      h(
        "div.title",
        null,
        whole("a.opener", referral.name || t("unnamed.referral"), { href: referralHref(referral.id) }),
        ...marks(referral),
      ),
    ],
  },
  { name: "category", cell: (referral) => [categoryBadge(referral.category)] },
  { name: "status", sort: "status", cell: (referral) => [statusBadge(referral.status, referral.substatus)] },
  {
    name: "deadline",
    sort: "expirationDateTime",
    cell: (referral) => [deadlineBadge(referral.expiresInDays, referral.expirationDateTime) ?? answered(referral)],
  },
  { name: "value", sort: "dealValue", descendingFirst: true, cell: (referral) => [amount(referral.dealValue, referral.currency)] },
  {
    name: "country",
    sort: "country",
    cell: (referral) => [h("span", { title: place(referral.country, referral.city) }, country(referral.country))],
  },
  { name: "updated", sort: "updatedDateTime", descendingFirst: true, cell: (referral) => [ago(referral.updatedDateTime)] },
];
