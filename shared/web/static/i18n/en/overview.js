/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "overview.figures": "Figures",
  "overview.waiting": "Waiting for your answer",
  "overview.waiting.unit": { one: "new referral", other: "new referrals" },
  "overview.waiting.soon": { one: "{n} due within 3 days", other: "{n} due within 3 days" },
  "overview.waiting.none": "Nothing is waiting. Every incoming referral has been answered.",
  "overview.none": "No referrals yet. They appear here after the first sync.",
  "overview.waiting.all": { one: "See it", other: "See all {n}" },
  "overview.open": "Open pipeline",
  "overview.won": "Won",
  "overview.response": "Response time",
  "overview.response.note": { one: "median of {n} accepted", other: "median of {n} accepted" },
  "overview.m365": "On Microsoft 365",
  "overview.m365.note": { one: "of {n} company ({share})", other: "of {n} companies ({share})" },
  "overview.months": "Referrals per month",
  "overview.month": "Month",
  "overview.table": "Show as table",
  "overview.status": "By status",
  "overview.stages": "By sales stage",
  "overview.stages.note": "open referrals",
  "overview.stages.none": "No open referral has a sales stage.",
  "overview.all": "All referrals",
  "overview.total": { one: "referral in total", other: "referrals in total" },
  "overview.incoming": { one: "incoming", other: "incoming" },
  "overview.outgoing": { one: "outgoing", other: "outgoing" },
  "overview.review": { one: "company needs review", other: "companies need review" },
  "overview.missing": { one: "no longer in Partner Center", other: "no longer in Partner Center" },
  "overview.quarantined": { one: "unreadable record", other: "unreadable records" },
  "overview.leftOut": "Not included:",
  "overview.noCurrency": { one: "{n} amount without a currency", other: "{n} amounts without a currency" },
  "overview.noValue": { one: "{n} deal without a value", other: "{n} deals without a value" },
  "overview.tooLarge": { one: "{n} implausible amount", other: "{n} implausible amounts" },
};

export default phrases;
