// What is to be said about the sync: that it is off, set up wrongly, asked to pause, failed, or long ago.

/** @import { Notice } from "./notices.js" */

import { h } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { has, t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { current, href, referralHref } from "../../core/router.js";
import { ask } from "../../parts/ask.js";
import { ago } from "../../parts/values.js";
import { isSaid, startSync } from "../sync/start.js";
import { isRunning, lastRun, syncStatus } from "../sync/status.js";
import { runTrouble } from "../sync/words.js";

/** Null for who may not start one. */
const syncButton = () =>
  may("operate") ? h("button", { type: "button", "data-focus": "notice-sync", onclick: () => startSync() }, t("sync.now")) : null;

/** @returns {Notice[]} */
export function syncNotices() {
  const status = syncStatus();
  if (!status) return [];
  if (!status.enabled) {
    return [{ name: "disabled", tone: "info", title: t("notice.disabled"), content: [h("p", null, t("notice.disabled.text"))] }];
  }
  /** @type {Notice[]} */
  const notices = [];
  const run = lastRun();
  const signedIn = status.signIn.state === "signedIn";
  if (status.throttledUntil && Date.parse(status.throttledUntil) > Date.now()) {
    notices.push({
      name: "throttled",
      tone: "info",
      version: status.throttledUntil,
      title: t("notice.throttled"),
      content: [h("p", null, t("notice.throttled.text"), " ", ago(status.throttledUntil))],
    });
  } else if (run?.state === "failed" && !isRunning() && run.error?.code !== "sign_in_required" && !isSaid(run.error?.correlationId)) {
    notices.push({
      name: "failed",
      version: run.id,
      tone: "bad",
      title: t("notice.failed", { when: dateTime(run.finishedAt ?? run.startedAt) }),
      content: [h("p", null, runTrouble(run))],
      actions: [syncButton(), h("a.button", { href: href({ ...current(), panel: "sync", id: null, key: null }) }, t("notice.runs"))],
    });
  }
  if (status.visibilityChanged) notices.push(vanished(status));
  const throttled = notices.some(({ name }) => name === "throttled");
  if (!status.fresh && signedIn && !isRunning() && run?.state !== "failed" && !throttled) {
    notices.push({
      name: "stale",
      tone: "info",
      title: status.lastSuccess ? t("notice.stale") : t("notice.first"),
      content: status.lastSuccess ? [h("p", null, t("notice.stale.text"), " ", ago(status.lastSuccess))] : [],
      actions: [syncButton()],
    });
  }
  return notices;
}

/**
 * Many vanished at once: who knows that they are really gone can say so.
 * @param {import("../../core/contract.ts").SyncStatus} status
 * @returns {Notice}
 */
function vanished({ vanished: gone }) {
  const n = gone?.total ?? 0;
  return {
    name: "visibility",
    version: `${n} ${gone?.ids.join()}`,
    tone: "warn",
    title: n ? t("notice.vanished", { n }) : t("notice.visibility"),
    content: [
      h("p", null, t("notice.visibility.text")),
      gone?.ids.length
        ? h(
            "details",
            { id: "vanished" },
            h("summary", null, t("notice.vanished.list")),
            h("ul", null, gone.ids.map((id) => h("li", null, h("a", { href: referralHref(id) }, h("code", null, id))))),
          )
        : null,
    ],
    actions: [
      may("operate")
        ? h(
            "button",
            {
              type: "button",
              "data-focus": "accept-missing",
              onclick: async () => {
                if (await ask(t("notice.accept.title", { n }), t("notice.accept.text"), t("notice.accept", { n }))) {
                  startSync({ mode: "full", acceptMissing: true });
                }
              },
            },
            t("notice.accept", { n }),
          )
        : null,
    ],
  };
}

/** In the server's words where no dictionary has the sentence. @param {{ message: string, phrase?: string, details?: Record<string, string> }} said */
const settingText = ({ message, phrase, details }) => (phrase && has(`setting.${phrase}`) ? t(`setting.${phrase}`, details) : message);

/** @returns {Notice[]} */
export function settingsNotices() {
  const problems = syncStatus()?.configuration ?? [];
  if (problems.length === 0) return [];
  return [
    {
      name: "configuration",
      version: problems.map(({ name }) => name).join(),
      tone: "bad",
      title: t("notice.configuration", { n: problems.length }),
      content: [h("ul", null, problems.map(({ name, ...said }) => h("li", null, h("code", null, name), " ", settingText(said))))],
    },
  ];
}
