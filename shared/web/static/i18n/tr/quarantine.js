/** @import { Phrase } from "../../core/i18n.js" */

/** @type {Record<keyof typeof import("../en/quarantine.js").default, Phrase>} */
const phrases = {
  "quarantine.open": "Okunamayan kayıtlar",
  "quarantine.title": "Okunamayan kayıtlar",
  "quarantine.text": "Kimliği olmadığı veya kayıt bile olmadığı için saklanamayan Partner Center kayıtları. Tam eşitleme artık bulamadıklarını buradan kaldırır.",
  "quarantine.count": { one: "{n} kayıt", other: "{n} kayıt" },
  "quarantine.none": "Okunamayan kayıt yok.",
  "quarantine.seen": "ilk görülme {first}, son görülme {last}",
};

export default phrases;
