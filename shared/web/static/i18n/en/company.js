/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "company.noDomain": "No domain",
  "company.list": { one: "See {n} referral", other: "See {n} referrals" },
  "company.all": { one: "See all {n}", other: "See all {n}" },
  "company.figures": "Figures",
  "company.about": "Company",
  "company.deadline": "Next answer due",
  "company.first": "First activity",
  "company.last": "Last activity",
  "company.tenant": "Tenant ID",
  "company.checked": "Checked on",
  "company.aliases": "Also known as",
  "company.contacts": "Contacts",
  "company.contacts.none": "None of its referrals names a contact.",
  "review.title": "Do these customers belong together?",
  "review.text": "Their addresses all end in {domain}, but their names differ. Keep those that belong here and move the others.",
  "review.count": { one: "({n} referral)", other: "({n} referrals)" },
  "review.keep": "Belongs here",
  "review.move": "Another company…",
  "review.to": "Move to {name}",
};

export default phrases;
