// One company in the dialog, with its referrals and, where it needs review, how to settle that.

/** @import { Company, CompanyDetail, Referral } from "./contract.ts" */

import { api } from "./api.js";
import { h, icon, show } from "./dom.js";
import { collate, date, dateTime, number, relative, t, term } from "./i18n.js";
import {
  ago, amount, badge, changeList, companySize, copyable, copyButton, deadlineBadge, m365Badge, moneyList, place, reviewBadge, statusBadge,
} from "./labels.js";
import { linkAll } from "./link-form.js";
import { listHref, referralHref } from "./route.js";
import { facts, fillSheet, section } from "./sheet.js";

/** The dialog shows this many referrals; the list behind it has them all. */
const REFERRALS_SHOWN = 50;

/**
 * @param {string} name of the sheet
 * @param {CompanyDetail} company
 * @param {() => void} refresh
 */
export function showCompany(name, company, refresh) {
  const title = company.name || t("unnamed.company");
  const all = listHref("referrals", { company: company.key });
  fillSheet(
    name,
    {
      over: company.domain ?? t("company.noDomain"),
      title,
      badges: [m365Badge(company), reviewBadge(company)],
      actions: [
        h("a.button.primary", { href: all }, t("company.list", { n: company.referralCount })),
        company.domain ? copyButton(t("copy.domain"), company.domain) : null,
        copyButton(t("copy.name"), title),
      ],
    },
    company.needsReview ? review(company, refresh) : null,
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
          [t("column.country"), place(company.country, company.city)],
          [t("detail.size"), companySize(company.size)],
          ["DUNS", company.duns && copyable(company.duns)],
          ["Microsoft 365", company.isM365 === null ? t("m365.unknown") : t(company.isM365 ? "m365.true" : "m365.false")],
          [t("company.tenant"), company.tenantId && copyable(company.tenantId)],
          [t("company.checked"), company.tenantCheckedAt && date(company.tenantCheckedAt)],
          [t("company.aliases"), company.aliases?.join(", ")],
        ]),
      ]),
    ),
    section(t("column.referrals"), [
      h("ul.rows", null, company.referrals.slice(0, REFERRALS_SHOWN).map(line)),
      company.referrals.length > REFERRALS_SHOWN ? h("a.more", { href: all }, t("company.all", { n: company.referrals.length })) : null,
    ]),
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
      : null,
  );
}

/** @param {Referral} referral */
const line = (referral) =>
  h(
    "li",
    null,
    h("a", { href: referralHref(referral.id), dir: "auto" }, referral.name || t("unnamed.referral")),
    h("span.grow"),
    deadlineBadge(referral.expiresInDays, referral.expirationDateTime),
    referral.linkedByHand ? badge(t("linked.badge"), "violet", t("linked.hint")) : null,
    statusBadge(referral.status, referral.substatus),
    amount(referral.dealValue, referral.currency),
  );

/**
 * A domain that collects differently named customers: each name is settled with one click, kept here or moved to its own company.
 * @param {CompanyDetail} company
 * @param {() => void} refresh
 */
function review(company, refresh) {
  /** @type {Map<string, [string, Referral[]]>} */
  const groups = new Map();
  for (const referral of company.referrals) {
    if (referral.linkedByHand) continue;
    const name = referral.customerName || t("unnamed.company");
    const key = fold(name);
    groups.set(key, [groups.get(key)?.[0] ?? name, [...(groups.get(key)?.[1] ?? []), referral]]);
  }
  const rows = [...groups.values()].sort((a, b) => b[1].length - a[1].length || collate(a[0], b[0]));
  return h(
    "div.notice.warn.review",
    null,
    icon("warning"),
    h(
      "div",
      null,
      h("p.strong", null, t("review.title")),
      h("p", null, t("review.text", { domain: company.domain ?? company.key })),
      h("ul", null, rows.map(([name, referrals]) => group(company, name, referrals, refresh))),
    ),
  );
}

/** Without case, accents and the difference of the Turkish i's: "BILIŞIM" and "Bilişim" are one name. @param {string} name */
const fold = (name) => name.replace(/[İIı]/g, "i").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/**
 * @param {CompanyDetail} company
 * @param {string} name
 * @param {Referral[]} referrals
 * @param {() => void} refresh
 */
function group(company, name, referrals, refresh) {
  const ids = referrals.map(({ id }) => id);
  /** @param {{ key: string } | { domain: string, name: string }} target @param {string} to */
  const move = async (target, to) => {
    if (await linkAll(ids, target, to)) refresh();
  };
  const others = h("span.others");
  const row = h(
    "li",
    null,
    h("span.grow", { dir: "auto" }, name, " ", h("span.muted", null, t("review.count", { n: ids.length }))),
    h("button.small", { type: "button", onclick: () => move({ key: company.key }, company.name ?? company.key) }, t("review.keep")),
    others,
    h(
      "details.new",
      null,
      h("summary.button.small", null, t("review.move")),
      h(
        "form.row",
        {
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            const domain = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("domain")).trim();
            move({ domain, name }, name);
          },
        },
        h("label.field", null, t("link.domain"), h("input", { name: "domain", required: true, placeholder: "contoso.com", autocomplete: "off", maxlength: 200 })),
        h("button.primary", { type: "submit" }, t("link.create")),
      ),
    ),
  );
  suggest(company, name).then(
    (found) =>
      show(
        others,
        ...found.map((other) =>
          h("button.small", { type: "button", onclick: () => move({ key: other.key }, other.name ?? other.key) }, t("review.to", { name: other.domain ?? other.name ?? other.key })),
        ),
      ),
    () => undefined,
  );
  return row;
}

/** Companies of the same name elsewhere. @param {Company} company @param {string} name */
async function suggest(company, name) {
  const { items } = await api.companies(new URLSearchParams({ q: name, pageSize: "3" }));
  return items.filter(({ key, needsReview }) => key !== company.key && !needsReview).slice(0, 1);
}

