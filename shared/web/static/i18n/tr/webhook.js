/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "webhook.section": "Olaylar",
  "webhook.off": "Partner Center olayları kapalı. Değişiklikler bir sonraki zamanlanmış eşitlemeyle görünür. Yönetici, olayları HUNTER_WEBHOOK_ENABLED ile açabilir.",
  "webhook.signedOut": "Önce Partner Center'da oturum açın. Ardından olayların nereye gittiği burada görünür.",
  "webhook.to": "Olayların gittiği yer",
  "webhook.to.here": "bu uygulama",
  "webhook.to.other": "başka bir adres:",
  "webhook.to.nobody": "hiçbir adres",
  "webhook.last": "Son olay",
  "webhook.last.none": "henüz yok",
  "webhook.seenBy": "Son değişikliğin geldiği yol",
  "webhook.seenBy.event": "bir olay",
  "webhook.seenBy.poll": "zamanlanmış eşitleme",
  "webhook.silent": "Olaylar artık gelmiyor: art arda üç eşitleme, hiçbir olayın bildirmediği değişiklikler buldu. Yeniden kaydolun, ardından bir deneme olayı gönderin.",
  "webhook.register": "Olayları al",
  "webhook.registered": "Partner Center olayları artık buraya gönderiyor",
  "webhook.again": "Yeniden kaydol",
  "webhook.restore": "Önceki adrese dön",
  "webhook.restored": "Olaylar yine önceki adrese gidiyor",
  "webhook.takeOver": "Devral…",
  "webhook.takeOver.question": "Partner Center'da olaylar için tek bir adres vardır. Bu uygulama devralırsa, siz önceki adrese dönene kadar şu adrese olay gitmez:",
  "webhook.takeOver.yes": "Devral",
  "webhook.takeOver.no": "Böyle kalsın",
  "webhook.failed": "Hiçbir şey değiştirilmedi",
  "webhook.test": "Deneme olayı gönder",
  "webhook.test.sent": "Deneme olayı yolda…",
  "webhook.test.ok": "Deneme olayı geldi ve doğrulandı.",
  "webhook.test.failed": "Deneme olayı teslim edilemedi: {codes}.",
  "webhook.test.nothing": "Partner Center, deneme olayının sonucunu bildirmedi. Birkaç dakika sonra yeniden deneyin.",
};

export default phrases;
