// The list of companies.

/** @import { Company } from "./contract.ts" */
/** @import { ListKind } from "./list.js" */

import { h } from "./dom.js";
import { countryFilter, given, oneOf } from "./filters.js";
import { country, listing, money, number, t, term } from "./i18n.js";
import { ago, amounts, badge, daysUntil, deadlineBadge, place } from "./labels.js";
import { companyHref } from "./referrals.js";

/** @param {Company} company */
export const m365Badge = (company) =>
  company.isM365 ? badge("Microsoft 365", "m365", company.tenantId ? t("m365.hint", { tenant: company.tenantId }) : "") : null;

/** @param {Company} company */
export const reviewBadge = (company) => (company.needsReview ? badge(t("review.badge"), "amber", t("review.hint")) : null);

/** @param {import("./contract.ts").Money} values */
export const moneyList = (values) => {
  const all = amounts(values);
  if (all.length === 0) return [h("span.muted", null, "–")];
  return all.map(([currency, value]) => h("span.amount", null, money(value, currency)));
};

/** The largest amount, and how many currencies there are besides. @param {import("./contract.ts").Money} values */
const moneyCell = (values) => {
  const all = amounts(values);
  const first = all[0];
  if (!first) return [h("span.muted", null, "–")];
  const written = all.map(([currency, value]) => money(value, currency));
  return [
    h("span.amount", { title: listing(written) }, written[0] ?? ""),
    all.length > 1 ? h("span.sub", null, t("more", { n: all.length - 1 })) : null,
  ];
};

/** @type {ListKind<Company>} */
export const companies = {
  view: "companies",
  defaultSort: "-lastActivity",
  keyOf: (company) => company.key,
  address: (company) => companyHref(company.key),
  columns: [
    {
      name: "company",
      sort: "name",
      cell: (company) => [
        h("a.opener.strong", { href: companyHref(company.key) }, company.name || t("unnamed.company")),
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
      cell: (company) => [
        deadlineBadge(daysUntil(company.nextDeadline), company.nextDeadline) ?? h("span.muted", null, "–"),
      ],
    },
    { name: "open", cell: (company) => moneyCell(company.openValue) },
    { name: "won", cell: (company) => moneyCell(company.wonValue) },
    { name: "country", cell: (company) => [h("span", { title: place(company.country, company.city) }, country(company.country))] },
    { name: "activity", sort: "lastActivity", descendingFirst: true, cell: (company) => [ago(company.lastActivity)] },
  ],
  filters: [
    oneOf("m365", ["true", "false"]),
    oneOf("needsReview", ["true", "false"]),
    countryFilter,
    given("q", (value) => `“${value}”`),
  ],
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
