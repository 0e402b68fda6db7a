// A company: its figures, what is known of it, its referrals, and what happened to them.

/** @import { CompanyDetail, Referral } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { date, dateTime, number } from "../../core/format.js";
import { relative, t, term } from "../../core/i18n.js";
import { listHref, referralHref } from "../../core/router.js";
import { badge, deadlineBadge, deadlineOf, statusBadge } from "../../parts/badges.js";
import { copyable } from "../../parts/copy.js";
import { facts, section } from "../../parts/facts.js";
import { people } from "../../parts/people.js";
import { ago, amount, changeList, companySize, moneyList, place } from "../../parts/values.js";
import { editing } from "../company-edits/editing.js";
import { whatWasSaid } from "../company-edits/said.js";

/** The dialog shows this many referrals; the list behind it has them all. */
const REFERRALS_SHOWN = 50;

/** The list of a company's referrals. @param {CompanyDetail} company */
export const allHref = (company) => listHref("referrals", { company: company.key });

/** @param {CompanyDetail} company */
export const figuresAndFacts = (company) =>
  h(
    "div.columns",
    null,
    section(t("company.figures"), [
      facts([
        [t("column.referrals"), number(company.referralCount)],
        ...["New", "Active", "Closed"].map(
          (status) => /** @type {[string, string]} */ ([term("status", status), number(company.byStatus?.[status] ?? 0)]),
        ),
        [t("column.open"), h("span.stack", null, moneyList(company.openValue))],
        [t("column.won"), h("span.stack", null, moneyList(company.wonValue))],
        [t("company.deadline"), company.nextDeadline && dateTime(company.nextDeadline)],
        [t("company.first"), date(company.firstActivity)],
        [t("company.last"), company.lastActivity && ago(company.lastActivity)],
      ]),
    ]),
    section(t("company.about"), [
      facts([
        [t("detail.domain"), company.domain && copyable(company.domain)],
        [t("field.place"), place(company.country, company.city)],
        [t("detail.size"), companySize(company.size)],
        ["DUNS", company.duns && copyable(company.duns)],
        ["Microsoft 365", company.isM365 === null ? t("m365.unknown") : t(company.isM365 ? "m365.true" : "m365.false")],
        [t("company.tenant"), company.tenantId && copyable(company.tenantId)],
        [t("company.checked"), company.tenantCheckedAt && date(company.tenantCheckedAt)],
        [t("company.aliases"), company.aliases?.join(", ")],
      ]),
      whatWasSaid(company),
      editing(company),
    ]),
  );

/** The people of its referrals. @param {CompanyDetail} company */
export const contacts = (company) =>
  people(t("company.contacts"), company.contacts, { nobody: t("company.contacts.none"), subject: company.name });

/** @param {CompanyDetail} company */
export const referrals = (company) =>
  section(t("column.referrals"), [
    h("ul.rows", null, company.referrals.slice(0, REFERRALS_SHOWN).map(line)),
    company.referrals.length > REFERRALS_SHOWN ? h("a.more", { href: allHref(company) }, t("company.all", { n: company.referrals.length })) : null,
  ]);

/** @param {Referral} referral */
const line = (referral) =>
  h(
    "li",
    null,
    h("a", { href: referralHref(referral.id), dir: "auto" }, referral.name || t("unnamed.referral")),
    h("span.grow"),
    deadlineBadge(deadlineOf(referral)),
    referral.linkedByHand ? badge(t("linked.badge"), "violet", t("linked.hint")) : null,
    statusBadge(referral.status, referral.substatus),
    amount(referral.dealValue, referral.currency),
  );

/** @param {CompanyDetail} company */
export const history = (company) =>
  company.history?.length
    ? section(t("detail.history"), [
        h(
          "ol.timeline",
          null,
          company.history.slice(0, REFERRALS_SHOWN).map(({ at, referralId, referralName, changes }) =>
            h(
              "li",
              null,
              h("time", { datetime: at, title: dateTime(at) }, relative(at)),
              " ",
              h("a", { href: referralHref(referralId), dir: "auto" }, referralName || t("unnamed.referral")),
              changeList(changes),
            ),
          ),
        ),
      ])
    : null;
