/** @import { Phrase } from "../../core/i18n.js" */

/** @satisfies {Record<string, Phrase>} */
const phrases = {
  "webhook.section": "Events",
  "webhook.off": "Events from Partner Center are switched off. Changes show with the next scheduled sync. An administrator can switch events on with HUNTER_WEBHOOK_ENABLED.",
  "webhook.signedOut": "Sign in to Partner Center first. Then this shows where its events go.",
  "webhook.to": "Events go to",
  "webhook.to.here": "this app",
  "webhook.to.other": "another address:",
  "webhook.to.nobody": "no address",
  "webhook.last": "Last event",
  "webhook.last.none": "none yet",
  "webhook.seenBy": "Last change seen",
  "webhook.seenBy.event": "through an event",
  "webhook.seenBy.poll": "in a scheduled sync",
  "webhook.silent": "Events have stopped arriving: three syncs in a row found changes that no event announced. Register again, then send a test event.",
  "webhook.register": "Receive events",
  "webhook.registered": "Partner Center now sends its events here",
  "webhook.again": "Register again",
  "webhook.restore": "Restore previous address",
  "webhook.restored": "Events go to the previous address again",
  "webhook.takeOver": "Take over…",
  "webhook.takeOver.question": "Partner Center has one address for events. If this app takes over, the following address no longer receives any, until you restore it:",
  "webhook.takeOver.yes": "Take over",
  "webhook.takeOver.no": "Leave as it is",
  "webhook.failed": "Nothing was changed",
  "webhook.test": "Send a test event",
  "webhook.test.sent": "A test event is on its way…",
  "webhook.test.ok": "The test event arrived and was verified.",
  "webhook.test.failed": "The test event was not delivered: {codes}.",
  "webhook.test.nothing": "Partner Center has not reported what happened to the test event. Try again in a few minutes.",
};

export default phrases;
