/** @import { Phrase } from "../../core/i18n.js" */

/** @type {Record<keyof typeof import("../en/overview.js").default, Phrase>} */
const phrases = {
  "overview.figures": "Rakamlar",
  "overview.waiting": "Yanıtınızı bekleyenler",
  "overview.waiting.unit": { one: "yeni fırsat", other: "yeni fırsat" },
  "overview.waiting.soon": { one: "{n} tanesinin süresi 3 gün içinde doluyor", other: "{n} tanesinin süresi 3 gün içinde doluyor" },
  "overview.waiting.none": "Bekleyen yok. Gelen her fırsat yanıtlandı.",
  "overview.none": "Henüz fırsat yok. İlk eşitlemeden sonra burada görünürler.",
  "overview.waiting.all": { one: "Gör", other: "{n} fırsatın tümünü gör" },
  "overview.open": "Açık fırsat tutarı",
  "overview.won": "Kazanılan",
  "overview.response": "Yanıt süresi",
  "overview.response.note": { one: "kabul edilen {n} fırsatın medyanı", other: "kabul edilen {n} fırsatın medyanı" },
  "overview.m365": "Microsoft 365 kullanan",
  "overview.m365.note": { one: "{n} şirket içinde ({share})", other: "{n} şirket içinde ({share})" },
  "overview.months": "Aylara göre fırsatlar",
  "overview.month": "Ay",
  "overview.table": "Tablo olarak göster",
  "overview.status": "Duruma göre",
  "overview.stages": "Satış aşamasına göre",
  "overview.stages.note": "açık fırsatlar",
  "overview.stages.none": "Açık fırsatların hiçbirinde satış aşaması yok.",
  "overview.all": "Tüm fırsatlar",
  "overview.total": { one: "fırsat, toplam", other: "fırsat, toplam" },
  "overview.incoming": { one: "gelen", other: "gelen" },
  "overview.outgoing": { one: "giden", other: "giden" },
  "overview.review": { one: "şirket incelenmeli", other: "şirket incelenmeli" },
  "overview.missing": { one: "fırsat artık Partner Center'da yok", other: "fırsat artık Partner Center'da yok" },
  "overview.quarantined": { one: "okunamayan kayıt", other: "okunamayan kayıt" },
  "overview.leftOut": "Dahil olmayanlar:",
  "overview.noCurrency": { one: "para birimi olmayan {n} tutar", other: "para birimi olmayan {n} tutar" },
  "overview.noValue": { one: "tutarı olmayan {n} fırsat", other: "tutarı olmayan {n} fırsat" },
  "overview.tooLarge": { one: "inandırıcı olmayan {n} tutar", other: "inandırıcı olmayan {n} tutar" },
};

export default phrases;
