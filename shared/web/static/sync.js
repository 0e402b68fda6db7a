// The state of the sync as the server tells it, asked again and again while somebody looks at the page.

/** @import { Run, SyncStatus } from "./contract.ts" */

import { api, Problem } from "./api.js";
import { find, h, icon, show } from "./dom.js";
import { relative, t } from "./i18n.js";
import { problemText, toast } from "./messages.js";

const RUNNING_MS = 3_000;
const RESTING_MS = 30_000;

/** @type {SyncStatus | null} */
let status = null;
/** What kept the last question from being answered. @type {unknown} */
let trouble = null;
/** Whether this page's own POST is on its way. */
let posting = false;
/** Something in this page that wants quick answers, such as a sign-in in progress. */
let eager = false;
let timer = 0;
/** The question that is on its way. @type {Promise<void> | null} */
let asking = null;
/** Whether something has happened since that its answer may not know of. */
let askedAgain = false;
/** The version of the data in the view, "" before there is one. */
let shownVersion = "";

/** @type {(() => void)[]} */
const watchers = [];
/** @type {(() => void)[]} */
const finishers = [];

export const syncStatus = () => status;
export const isRunning = () => posting || Boolean(status?.running);

/** Called whenever the status may look different. @param {() => void} watcher */
export const watchSync = (watcher) => watchers.push(watcher);

/** Called when a run came to its end, whoever started it. @param {() => void} finisher */
export const afterSync = (finisher) => finishers.push(finisher);

/** @param {boolean} wanted */
export function beEager(wanted) {
  eager = wanted;
  schedule();
}

const changedNow = () => {
  paint();
  for (const watcher of watchers) watcher();
};

/** Says which version of the data the view shows. @param {string} version */
export const showsVersion = (version) => (shownVersion = version);

/** Asks the server now, and from then on at its own pace. What is asked while an answer is on its way is asked after it. */
export function askSync() {
  if (asking) askedAgain = true;
  asking ??= ask().finally(() => {
    asking = null;
    schedule();
  });
  return asking;
}

async function ask() {
  do {
    askedAgain = false;
    const before = status;
    try {
      status = await api.status();
      trouble = null;
    } catch (error) {
      trouble = error;
    }
    changedNow();
    // The view was loaded before the first answer: a run may have come to its end in between.
    const news = status && (before ? ended(before) !== ended(status) : shownVersion && shownVersion !== status.dataVersion);
    if (news) for (const finisher of finishers) finisher();
  } while (askedAgain);
}

/** Tells apart the states in which the stored data may differ. @param {SyncStatus} of */
const ended = ({ runs, dataVersion }) => `${dataVersion} ${runs[0]?.id} ${runs[0]?.state} ${runs[0]?.finishedAt}`;

function schedule() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(askSync, isRunning() || eager ? RUNNING_MS : RESTING_MS);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else if (status || trouble) askSync();
});

/**
 * Starts a sync and says how it ended.
 * @param {{ mode?: "incremental" | "full", dryRun?: boolean }} [options]
 */
export async function startSync({ mode = "incremental", dryRun = false } = {}) {
  if (posting) return;
  posting = true;
  changedNow();
  toast("info", t(dryRun ? "sync.started.dry" : "sync.started"));
  clearTimeout(timer);
  timer = setTimeout(askSync, 500);
  try {
    const run = await api.sync({ mode, dryRun });
    if (run.state === "failed") toast("error", t("sync.failed"), { detail: runTrouble(run) });
    else if (run.state === "paused") toast("info", t("sync.paused"));
    else toast("success", t(dryRun ? "sync.done.dry" : "sync.done", { summary: outcome(run) }));
  } catch (error) {
    if (error instanceof Problem && error.code === "sync_running") toast("info", t("error.sync_running"));
    else toast("error", t("sync.failed"), { detail: problemText(error) });
  } finally {
    posting = false;
  }
  await askSync();
}

/** "12 new, 3 changed". @param {Run} run */
export function outcome(run) {
  const parts = [
    run.inserted ? t("sync.new", { n: run.inserted }) : "",
    run.updated ? t("sync.changed", { n: run.updated }) : "",
    run.missing ? t("sync.missing", { n: run.missing }) : "",
    run.quarantined ? t("sync.quarantined", { n: run.quarantined }) : "",
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : t("sync.nothing");
}

/** What a run failed of. @param {Run} run */
export const runTrouble = (run) =>
  run.error
    ? problemText(new Problem(run.error.code, { detail: run.error.message, correlationId: run.error.correlationId }))
    : "";

/** "3 pages, 300 read, 12 changed". @param {Run} run */
export const progressText = (run) =>
  [
    t("sync.pages", { n: run.pages }),
    t("sync.fetched", { n: run.fetched }),
    t("sync.touched", { n: run.inserted + run.updated }),
  ].join(" · ");

/** The newest run that came to an end. */
export const lastRun = () => status?.runs.find(({ state }) => state !== "running") ?? null;

/** A time that has passed already is about to come true. @param {string} when */
const relativeAhead = (when) => (Date.parse(when) > Date.now() ? relative(when, "always") : t("time.soon"));

/** @returns {{ tone: "ok" | "fail" | "busy" | "off", text: string }} */
function said() {
  if (status?.running) return { tone: "busy", text: `${t("sync.running")} ${progressText(status.running)}` };
  if (posting) return { tone: "busy", text: t("sync.running") };
  if (trouble) return { tone: "fail", text: t("sync.unknown") };
  if (!status) return { tone: "off", text: "" };
  const run = lastRun();
  const next = status.enabled && status.nextRun ? [t("sync.next", { when: relativeAhead(status.nextRun) })] : [];
  if (!status.enabled) return { tone: "off", text: t("sync.off") };
  if (!run) return { tone: "off", text: [t("sync.never"), ...next].join(" · ") };
  const when = relative(run.finishedAt ?? run.startedAt);
  if (run.state === "failed") return { tone: "fail", text: [t("sync.failedAt", { when }), ...next].join(" · ") };
  if (run.state === "paused") return { tone: "busy", text: [t("sync.pausedAt", { when }), ...next].join(" · ") };
  return { tone: "ok", text: [outcome(run), when, ...next].join(" · ") };
}

let spoken = "";

/** Brings the header up to date. */
export function paint() {
  const { tone, text } = said();
  const place = find("#sync-status");
  if (place.dataset["text"] !== text || place.dataset["tone"] !== tone) {
    place.dataset["text"] = text;
    place.dataset["tone"] = tone;
    show(place, h(`span.dot.${tone}`, { "aria-hidden": "true" }), h("span.sync-text", null, text));
    place.title = text;
    place.setAttribute("aria-label", `${t("sync.panel")}: ${text}`);
  }
  const button = /** @type {HTMLButtonElement} */ (find("#sync-button"));
  const running = isRunning();
  button.disabled = running || status?.enabled === false;
  button.classList.toggle("running", running);
  button.title = status?.enabled === false ? t("error.feature_disabled") : t("sync.hint");
  // Announced: beginnings and ends, not every page that was read.
  const now = running ? t("sync.running") : status && tone !== "off" ? text.split(" · ")[0] ?? "" : "";
  if (now !== spoken) {
    if (spoken) find("#sync-live").textContent = now;
    spoken = now;
  }
}

setInterval(paint, 15_000);

/** How far a run is, for the panel. @param {Run} run */
export const progressLine = (run) =>
  h("p.running-line", null, icon("sync"), h("span", null, `${t("sync.running")} ${progressText(run)}`));

