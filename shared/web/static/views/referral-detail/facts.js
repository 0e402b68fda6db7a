// What a referral is about: the deal, the customer, what is wanted, its identifiers, what could not be read.

/** @import { Named, ReferralDetail } from "../../core/contract.ts" */

import { h, icon } from "../../core/dom.js";
import { date, dateTime } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { copyable } from "../../parts/copy.js";
import { facts, section } from "../../parts/facts.js";
import { amount, place } from "../../parts/values.js";
import { linking } from "../linking/linking.js";
import { stageName } from "../../parts/stages.js";

/** @param {ReferralDetail} referral */
export function problems(referral) {
  if (!referral.problems?.length) return null;
  return h(
    "div.notice.warn",
    null,
    icon("warning"),
    h(
      "div",
      null,
      h("p.strong", null, t("problems.title", { n: referral.problems.length })),
      h("ul", null, referral.problems.map(({ field, reason }) => h("li", { dir: "auto" }, h("code", null, field), ` ${term("problem", reason)}`))),
    ),
  );
}

/** @param {ReferralDetail} referral */
const deal = (referral) =>
  facts([
    [t("column.value"), referral.dealValue === null ? null : amount(referral.dealValue, referral.currency)],
    [t("detail.stage"), referral.salesStage && stageName(referral.salesStage)],
    [t("detail.closing"), date(referral.closingDateTime)],
    [t("detail.expires"), referral.expiresInDays === null ? null : dateTime(referral.expirationDateTime)],
    [t("detail.created"), dateTime(referral.createdDateTime)],
    [t("detail.updated"), dateTime(referral.updatedDateTime)],
    [t("detail.accepted"), dateTime(referral.acceptedDateTime)],
    [t("detail.closed"), dateTime(referral.closedDateTime)],
    [t("detail.reason"), referral.statusReason],
    [
      t("detail.type"),
      [referral.type && term("type", referral.type), referral.qualification && term("qualification", referral.qualification)]
        .filter(Boolean)
        .join(" · "),
    ],
    [t("detail.source"), referral.referralSource],
  ]);

/** @param {ReferralDetail} referral */
const customer = (referral) =>
  facts([
    [t("column.company"), referral.companyName],
    [t("detail.customerName"), referral.customerName !== referral.companyName && referral.customerName],
    [t("detail.domain"), referral.companyKey?.includes(".") && copyable(referral.companyKey)],
    [t("field.place"), place(referral.country, referral.city)],
  ]);

/** @param {ReferralDetail} referral */
export const dealAndCustomer = (referral) =>
  h(
    "div.columns",
    null,
    section(t("detail.deal"), [deal(referral)]),
    section(t("detail.customer"), [customer(referral), linking(referral)]),
  );

/** A name, or else an id made readable: "Dynamics365Business" is "Dynamics 365 Business". @param {Named | string} item */
function itemName(item) {
  if (typeof item === "object" && item.name) return item.name;
  const id = String((typeof item === "string" ? item : item.id) ?? "–");
  return /^[A-Z][A-Za-z]+[A-Za-z\d,()]*$/.test(id) ? id.replace(/([a-z])([A-Z\d])|(\d)(?=[A-Z][a-z])/g, "$1$3 $2") : id;
}

/** @param {ReferralDetail} referral */
export function wishes(referral) {
  /** @param {"solutions" | "industries" | "products" | "services"} kind @returns {[string, Node | null]} */
  const list = (kind) => [
    t(`detail.${kind}`),
    referral[kind]?.length
      ? h("ul.chips", null, referral[kind].map((item) => h("li", { dir: "auto" }, itemName(item))))
      : null,
  ];
  const lists = [list("solutions"), list("industries"), list("products"), list("services")];
  return lists.some(([, chips]) => chips) ? section(t("detail.wishes"), [facts(lists)]) : null;
}

/** @param {ReferralDetail} referral */
export const identifiers = (referral) =>
  section(t("detail.ids"), [
    facts([
      [t("detail.id"), copyable(referral.id)],
      [t("detail.engagement"), referral.engagementId && copyable(referral.engagementId)],
      [t("detail.crm"), referral.externalReferenceId && copyable(referral.externalReferenceId)],
      [t("detail.campaign"), referral.campaignId && copyable(referral.campaignId)],
    ]),
  ]);
