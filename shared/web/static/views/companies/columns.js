// The columns of the list of companies. A room that brings a column adds a line to COLUMNS.

/** @import { Company } from "../../core/contract.ts" */
/** @import { Column } from "../list/list.js" */

import { h } from "../../core/dom.js";
import { country, listing, money, number } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { companyHref } from "../../core/router.js";
import { deadlineBadge, m365Badge, nothing, reviewBadge } from "../../parts/badges.js";
import { ago, amounts, place, whole } from "../../parts/values.js";

/** The largest amount, and how many currencies there are besides. @param {import("../../core/contract.ts").Money} values */
const moneyCell = (values) => {
  const all = amounts(values);
  const first = all[0];
  if (!first) return [nothing()];
  const written = all.map(([currency, value]) => money(value, currency));
  return [
    h("span.amount", { title: listing(written) }, written[0] ?? ""),
    all.length > 1 ? h("span.sub", null, t("more", { n: all.length - 1 })) : null,
  ];
};

/** @param {Company} company */
const split = (company) =>
  h(
    "span.sub",
    null,
    ["New", "Active", "Closed"]
      .filter((status) => company.byStatus?.[status])
      .map((status) => `${number(company.byStatus[status] ?? 0)} ${term("status", status)}`)
      .join(" · "),
  );

/** @type {Column<Company>[]} */
export const COLUMNS = [
  {
    name: "company",
    sort: "name",
    cell: (company) => [
      whole("a.opener.strong", company.name || t("unnamed.company"), { href: companyHref(company.key) }),
      h("span.sub", null, company.domain ?? t("company.noDomain")),
    ],
  },
  { name: "marks", cell: (company) => [m365Badge(company), reviewBadge(company)] },
  {
    name: "referrals",
    sort: "referralCount",
    descendingFirst: true,
    cell: (company) => [h("span.amount", null, company.referralCount ? number(company.referralCount) : "–"), split(company)],
  },
  {
    name: "nextDeadline",
    sort: "nextDeadline",
    cell: (company) => [deadlineBadge(company.nextDeadline) ?? nothing()],
  },
  { name: "open", sort: "openValue", descendingFirst: true, cell: (company) => moneyCell(company.openValue) },
  { name: "won", sort: "wonValue", descendingFirst: true, cell: (company) => moneyCell(company.wonValue) },
  { name: "country", cell: (company) => [h("span", { title: place(company.country, company.city) }, country(company.country))] },
  { name: "activity", sort: "lastActivity", descendingFirst: true, cell: (company) => [ago(company.lastActivity)] },
];
