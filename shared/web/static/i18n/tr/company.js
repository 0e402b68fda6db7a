/** @import { Phrase } from "../../core/i18n.js" */

/** @type {Record<keyof typeof import("../en/company.js").default, Phrase>} */
const phrases = {
  "company.noDomain": "Alan adı yok",
  "company.list": { one: "{n} fırsatını gör", other: "{n} fırsatını gör" },
  "company.all": { one: "{n} fırsatın tümünü gör", other: "{n} fırsatın tümünü gör" },
  "company.figures": "Rakamlar",
  "company.about": "Şirket",
  "company.deadline": "Sıradaki son tarih",
  "company.first": "İlk hareket",
  "company.last": "Son hareket",
  "company.tenant": "Kiracı kimliği",
  "company.checked": "Denetlendi",
  "company.aliases": "Diğer adları",
  "review.title": "Bu müşteriler aynı şirket mi?",
  "review.text": "Hepsinin adresi {domain} ile bitiyor ama adları farklı. Buraya ait olanları burada tutun, diğerlerini taşıyın.",
  "review.count": { one: "({n} fırsat)", other: "({n} fırsat)" },
  "review.keep": "Buraya ait",
  "review.move": "Başka şirket…",
  "review.to": "Şuraya taşı: {name}",
};

export default phrases;
