/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "webhook.section": "Events",
  "webhook.off": "Events from Partner Center are switched off. Changes show with the next scheduled sync. An administrator can switch events on with HUNTER_WEBHOOK_ENABLED.",
  "webhook.to": "Events go to",
  "webhook.to.here": "this app",
  "webhook.to.other": "another address:",
  "webhook.to.nobody": "nobody",
  "webhook.last": "Last event",
  "webhook.last.none": "none yet",
  "webhook.seenBy": "Last change came",
  "webhook.seenBy.event": "with an event",
  "webhook.seenBy.poll": "with the schedule",
  "webhook.silent": "Events have stopped coming: three syncs in a row found changes that no event announced. Register again, then send a test event.",
  "webhook.register": "Receive events",
  "webhook.registered": "Partner Center now sends its events here",
  "webhook.again": "Register again",
  "webhook.restore": "Give back",
  "webhook.restored": "Events go where they went before",
  "webhook.takeOver": "Take over…",
  "webhook.takeOver.question": "Partner Center has one address for events. If this app takes over, this one gets none any more, until you give back:",
  "webhook.takeOver.yes": "Take over",
  "webhook.takeOver.no": "Leave it",
  "webhook.failed": "Nothing was changed",
  "webhook.test": "Send a test event",
  "webhook.test.sent": "A test event is on its way…",
  "webhook.test.ok": "The test event came, and was verified.",
  "webhook.test.failed": "The test event was not delivered: {codes}.",
  "webhook.test.nothing": "Partner Center has not said what became of the test event. Try again in a few minutes.",
};

export default phrases;
