/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "company.noDomain": "No domain",
  "company.list": { one: "See its {n} referral", other: "See its {n} referrals" },
  "company.all": { one: "See all {n}", other: "See all {n}" },
  "company.figures": "Figures",
  "company.about": "Company",
  "company.deadline": "Next deadline",
  "company.first": "First activity",
  "company.last": "Last activity",
  "company.tenant": "Tenant ID",
  "company.checked": "Checked",
  "company.aliases": "Also named",
  "review.title": "Do these customers belong together?",
  "review.text": "The addresses of all of them end in {domain}, but their names differ. Keep here what belongs here, and move the rest.",
  "review.count": { one: "({n} referral)", other: "({n} referrals)" },
  "review.keep": "Belongs here",
  "review.move": "Other company…",
  "review.to": "Move to {name}",
};

export default phrases;
