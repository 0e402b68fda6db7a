/** @import { Phrase } from "../../core/i18n.js" */

/** @type {Record<keyof typeof import("../en/quarantine.js").default, Phrase>} */
const phrases = {
  "quarantine.open": "Karantina",
  "quarantine.title": "Karantina",
  "quarantine.text": "Kimliği olmadığı veya kayıt bile olmadığı için saklanamayan Partner Center kayıtları. Tam bir eşitleme onlara artık rastlamazsa buradan çıkarlar.",
  "quarantine.count": { one: "{n} kayıt", other: "{n} kayıt" },
  "quarantine.none": "Karantinada kayıt yok.",
  "quarantine.seen": "ilk görülme {first}, son görülme {last}",
};

export default phrases;
