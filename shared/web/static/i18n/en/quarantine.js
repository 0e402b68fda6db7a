/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "quarantine.open": "Unreadable records",
  "quarantine.title": "Unreadable records",
  "quarantine.text": "Records from Partner Center that can't be stored, because they have no ID or are not records at all. A full sync removes those it no longer finds.",
  "quarantine.count": { one: "{n} record", other: "{n} records" },
  "quarantine.none": "There are no unreadable records.",
  "quarantine.seen": "first seen {first}, last seen {last}",
};

export default phrases;
