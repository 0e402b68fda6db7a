/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "quarantine.open": "Quarantine",
  "quarantine.title": "Quarantine",
  "quarantine.text": "Records of Partner Center that can't be stored, because they have no id or are no record at all. They leave when a full sync no longer meets them.",
  "quarantine.count": { one: "{n} record", other: "{n} records" },
  "quarantine.none": "Nothing is in quarantine.",
  "quarantine.seen": "first seen {first}, last seen {last}",
};

export default phrases;
