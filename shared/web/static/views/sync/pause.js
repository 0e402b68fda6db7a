// The pause that Partner Center asked for, in the dialog of the sync, and the way for operators to end it before its time.

/** @import { SyncStatus } from "../../core/contract.ts" */

import { del } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { ask } from "../../parts/ask.js";
import { section } from "../../parts/facts.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { ago } from "../../parts/values.js";
import { askSync } from "./status.js";

/** The card, or null where nothing waits. @param {SyncStatus} status */
export function pauseCard({ throttledUntil }) {
  if (!throttledUntil || Date.parse(throttledUntil) <= Date.now()) return null;
  return section(
    t("notice.throttled"),
    [
      h("p", null, t("notice.throttled.text"), " ", ago(throttledUntil)),
      may("operate") ? h("button.small", { type: "button", "data-focus": "pause-lift", onclick: lift }, t("pause.lift")) : null,
    ],
    ".pause",
  );
}

/** Ends it, once that has been confirmed. */
async function lift() {
  if (!(await ask(t("pause.lift.title"), t("pause.lift.text"), t("pause.lift")))) return;
  try {
    await del("/sync/pause");
    toast("success", t("pause.lifted"));
  } catch (error) {
    toast("error", t("pause.failed"), { detail: problemText(error) });
  }
  await askSync();
}
