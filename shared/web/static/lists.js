// The two lists: what their columns show and what they are filtered by.

/** @import { Company, Page, Referral } from "./contract.ts" */
/** @import { ListKind } from "./list.js" */
/** @import { Route } from "./route.js" */

import { h } from "./dom.js";
import {
  categoryFilter, countryFilter, given, oneOf, stageFilter, statusFilter, substatusFilter, valueRange,
} from "./filters.js";
import { country, date, listing, money, monthName, number, t, term } from "./i18n.js";
import {
  ago, amount, amounts, categoryBadge, companyNames, currencies, daysUntil, deadlineBadge, m365Badge, marks, place, reviewBadge, statusBadge,
} from "./labels.js";
import { changed, companyHref, referralHref } from "./route.js";

/** Text that a narrow column may cut, whole in its title. @param {string} tag @param {string} text @param {Record<string, string>} [more] */
const whole = (tag, text, more) => h(tag, { ...more, title: text, dir: "auto" }, text);

/** @type {ListKind<Referral>} */
export const referrals = {
  view: "referrals",
  defaultSort: "-updatedDateTime",
  keyOf: (referral) => referral.id,
  address: (referral) => referralHref(referral.id),
  columns: [
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
  ],
  filters: [
    given("direction", (value) => term("direction", value)),
    statusFilter,
    substatusFilter,
    categoryFilter,
    countryFilter,
    oneOf("expiring", ["3", "7", "14"]),
    valueRange(() => [...currencies]),
    oneOf("m365", ["true", "false"]),
    oneOf("missing", ["include", "only"]),
    stageFilter,
    given("createdMonth", (value) => t("filter.created", { when: monthName(value, true) })),
    given("company", (value) => companyNames.get(value) ?? value),
    given("q", (value) => `“${value}”`),
  ],
  tabs,
};

/** @param {Referral} referral */
const answered = (referral) =>
  referral.expirationDateTime
    ? h("span.sub", { title: t("deadline.was") }, date(referral.expirationDateTime))
    : h("span.muted", null, "–");

/**
 * @param {Page<Referral>} page
 * @param {Route} route
 */
function tabs(page, route) {
  const counts = page.facets["direction"] ?? {};
  const chosen = route.query.getAll("direction");
  const now = chosen.length === 0 ? "" : chosen.length === 1 ? chosen[0] : null;
  return h(
    "nav.tab-list",
    { "aria-label": t("column.direction") },
    ["Incoming", "Outgoing", ""].map((direction) =>
      h(
        "a",
        { href: changed(route, { direction }), "aria-current": direction === now ? "page" : null, "data-focus": `tab-${direction}` },
        direction ? term("direction", direction) : t("direction.all"),
        // Some referrals have no direction, so all of them are more than the two together.
        direction || now === "" ? h("span.count", null, number(direction ? (counts[direction] ?? 0) : page.total)) : null,
      ),
    ),
  );
}

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
