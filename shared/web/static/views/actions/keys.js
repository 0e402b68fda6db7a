// The keyboard: what is done most with the referral in the dialog.

import { shortcut } from "../../core/keys.js";
import { inSheet, press } from "../../parts/keys.js";

/** Of each key what it does, and how that is called. @type {[string, string, string][]} */
const KEYS = [
  ["a", "accept", "keys.accept"],
  ["d", "decline", "keys.decline"],
  ["w", "win", "keys.win"],
  ["l", "lose", "keys.lose"],
  ["u", "update", "keys.update"],
];

/** Registers them. */
export function actionKeys() {
  for (const [keys, action, label] of KEYS) {
    shortcut({ keys, shown: keys.toUpperCase(), label, run: () => press(`#sheet [data-act="${action}"]`), when: inSheet });
  }
}
