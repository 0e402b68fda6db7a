/** @import { Phrase } from "../../core/i18n.js" */

/** @type {Record<keyof typeof import("../en/company.js").default, Phrase>} */
const phrases = {
  "company.noDomain": "Alan adı yok",
  "company.list": { one: "{n} fırsatı gör", other: "{n} fırsatı gör" },
  "company.all": { one: "{n} fırsatın tümünü gör", other: "{n} fırsatın tümünü gör" },
  "company.figures": "Rakamlar",
  "company.about": "Şirket",
  "company.deadline": "Sıradaki yanıt tarihi",
  "company.first": "İlk hareket",
  "company.last": "Son hareket",
  "company.tenant": "Kiracı kimliği",
  "company.checked": "Denetlendiği tarih",
  "company.aliases": "Diğer adları",
  "company.contacts": "İlgili kişiler",
  "company.contacts.none": "Fırsatlarının hiçbirinde ilgili kişi yok.",
  "review.title": "Bu müşteriler aynı şirket mi?",
  "review.text": "Hepsinin adresi {domain} ile bitiyor ama adları farklı. Buraya ait olanları tutun, diğerlerini taşıyın.",
  "review.count": { one: "({n} fırsat)", other: "({n} fırsat)" },
  "review.keep": "Buraya ait",
  "review.move": "Başka şirket…",
  "review.to": "{name} şirketine taşı",
};

export default phrases;
