// What the dialog of the sync shows. A room that brings a card adds a line here.

/** @import { Run, SyncStatus } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { dateTime, duration } from "../../core/format.js";
import { relative, t } from "../../core/i18n.js";
import { badge } from "../../parts/badges.js";
import { facts, section } from "../../parts/facts.js";
import { ago } from "../../parts/values.js";
import { account } from "../sign-in/account.js";
import { webhookCard } from "../webhook/card.js";
import { pauseCard } from "./pause.js";
import { outcome, progressLine, progressText, runTrouble } from "./words.js";

/** @typedef {(status: SyncStatus) => Node | null} Card null where there is nothing to show */

/** @type {Record<string, string>} */
const STATE_TONES = { succeeded: "green", failed: "red", paused: "amber", running: "blue" };

/** @type {Card} */
const progress = (status) => (status.running ? progressLine(status.running) : null);

/** @type {Card} */
const state = (status) =>
  h(
    "div.columns",
    null,
    section(t("sync.state"), [
      facts([
        [t("sync.lastSuccess"), status.lastSuccess && ago(status.lastSuccess)],
        [t("sync.lastFull"), status.lastFullSync && ago(status.lastFullSync)],
        [t("sync.nextRun"), status.enabled ? status.nextRun && ago(status.nextRun) : t("sync.off")],
      ]),
    ]),
    section(t("signIn.section"), [account(status)]),
  );

/** @type {Card} */
const runs = (status) =>
  section(t("sync.runs"), [
    status.runs.length ? h("ul.runs", { role: "list" }, status.runs.map(line)) : h("p.muted", null, t("sync.runs.none")),
  ]);

/** @type {Card[]} */
export const CARDS = [progress, pauseCard, state, webhookCard, runs];

/** @param {Run} run */
function line(run) {
  const seconds = run.finishedAt ? (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000 : null;
  return h(
    "li.run",
    { role: "listitem" },
    h(
      "div.run-head",
      null,
      badge(t(`run.${run.state}`), STATE_TONES[run.state] ?? "grey"),
      run.state === "failed" ? null : h("span.strong", null, run.state === "running" ? progressText(run) : outcome(run)),
      h("span.grow"),
      h("time.muted", { datetime: run.startedAt, title: dateTime(run.startedAt) }, relative(run.startedAt)),
    ),
    h(
      "p.sub",
      null,
      [
        t(`run.mode.${run.mode}`),
        run.dryRun ? t("run.dry") : "",
        t(`run.trigger.${run.trigger}`),
        t("sync.pages", { n: run.pages }),
        t("sync.fetched", { n: run.fetched }),
        t("run.unchanged", { n: run.unchanged + run.repeated }),
        seconds === null ? "" : t("run.took", { time: seconds < 60 ? t("run.seconds", { n: Math.round(seconds * 10) / 10 }) : duration(seconds / 3600) }),
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    run.error ? h("p.error", null, runTrouble(run)) : null,
    run.visibilityChanged ? h("p.error", null, t("notice.visibility")) : null,
  );
}
