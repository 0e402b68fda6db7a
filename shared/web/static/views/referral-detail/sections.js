// What the dialog of a referral shows, from top to bottom. A room that brings a section, a bar or a button adds a line here.

/** @import { ReferralDetail } from "../../core/contract.ts" */

import { h, icon } from "../../core/dom.js";
import { date, money } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { copyButton } from "../../parts/copy.js";
import { actionBar } from "../actions/bar.js";
import { fullName } from "../../parts/values.js";
import { comments } from "../comments/section.js";
import { ownerTool } from "../owners/owners.js";
import { dealAndCustomer, identifiers, problems, wishes } from "./facts.js";
import { crmBadge } from "../dynamics/badge.js";
import { crmCard } from "../dynamics/card.js";
import { contacts, team } from "./people.js";
import { notes, raw, related, timeline } from "./texts.js";

/** @typedef {(referral: ReferralDetail) => Node | null} Section null where there is nothing to show */

/** Under the title, above everything else: what can be done. @type {Section[]} */
export const BARS = [actionBar];

/** Beside the badges of category and status. @type {Section[]} */
export const BADGES = [crmBadge];

const PARTNER_CENTER = "https://partner.microsoft.com/dashboard/referrals/";

/** What a CRM is to know, line by line. @param {ReferralDetail} referral */
function forCrm(referral) {
  const { customerName, companyName, contacts: persons, dealValue, currency, closingDateTime, id, engagementId, externalReferenceId } = referral;
  const person = persons?.find(({ email, phoneNumber }) => email || phoneNumber) ?? persons?.[0];
  /** @type {[string, string | null | undefined | false][]} */
  const lines = [
    ["column.company", customerName || companyName],
    ["column.referral", referral.name],
    ["detail.contact", person && fullName(person)],
    ["person.mail", person?.email],
    ["person.phone", person?.phoneNumber],
    ["column.value", dealValue !== null && money(dealValue, currency)],
    ["detail.closing", closingDateTime && date(closingDateTime)],
    ["detail.id", id],
    ["detail.engagement", engagementId],
    ["detail.crm", externalReferenceId],
  ];
  return lines.flatMap(([label, value]) => (value ? [`${t(label)}: ${value}`] : [])).join("\n");
}

/** Small buttons under the title. @type {Section[]} */
export const TOOLS = [
  ownerTool,
  ({ id }) =>
    h(
      "a.button.small",
      { href: PARTNER_CENTER + encodeURIComponent(id), target: "_blank", rel: "noopener noreferrer" },
      t("detail.open"),
      icon("external"),
    ),
  ({ contacts: persons }) => {
    const mail = persons?.find((person) => person.email)?.email;
    return mail ? copyButton(t("copy.mail"), mail) : null;
  },
  (referral) => copyButton(t("copy.crm"), forCrm(referral)),
  ({ companyKey }) => (companyKey?.includes(".") ? copyButton(t("copy.domain"), companyKey) : null),
  ({ dealValue, currency }) => (dealValue === null ? null : copyButton(t("copy.value"), money(dealValue, currency))),
  ({ id }) => copyButton(t("copy.id"), id),
  () => h("button.small", { type: "button", onclick: () => print() }, icon("print"), t("detail.print")),
];

/** @type {Section[]} */
export const SECTIONS = [problems, dealAndCustomer, crmCard, comments, contacts, wishes, notes, team, related, timeline, identifiers, raw];
