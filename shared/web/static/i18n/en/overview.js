/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "overview.figures": "Figures",
  "overview.waiting": "Waiting for your answer",
  "overview.waiting.unit": { one: "new referral", other: "new referrals" },
  "overview.waiting.soon": { one: "{n} due within 3 days", other: "{n} due within 3 days" },
  "overview.waiting.none": "Nothing is waiting. Every incoming referral has an answer.",
  "overview.waiting.all": { one: "See the one", other: "See all {n}" },
  "overview.open": "Open pipeline",
  "overview.won": "Won",
  "overview.response": "Response time",
  "overview.response.note": { one: "median of {n} answered", other: "median of {n} answered" },
  "overview.m365": "On Microsoft 365",
  "overview.m365.note": { one: "of {n} company ({share})", other: "of {n} companies ({share})" },
  "overview.months": "Referrals per month",
  "overview.month": "Month",
  "overview.table": "Show as table",
  "overview.status": "By status",
  "overview.stages": "By sales stage",
  "overview.stages.note": "open ones",
  "overview.stages.none": "No open referral has a sales stage.",
  "overview.all": "All referrals",
  "overview.total": { one: "referral in all", other: "referrals in all" },
  "overview.incoming": { one: "incoming", other: "incoming" },
  "overview.outgoing": { one: "outgoing", other: "outgoing" },
  "overview.review": { one: "company needs review", other: "companies need review" },
  "overview.missing": { one: "missing in Partner Center", other: "missing in Partner Center" },
  "overview.quarantined": { one: "record in quarantine", other: "records in quarantine" },
};

export default phrases;
