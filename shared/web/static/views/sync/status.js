// The state of the sync as the server tells it, asked again and again while somebody looks at the page.

/** @import { SyncStatus } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { refresh } from "../../core/refresh.js";
import { store } from "../../core/state.js";

const RUNNING_MS = 3_000;
const RESTING_MS = 30_000;

/**
 * `trouble` is what kept the last question from being answered; `posting`, whether this page's own POST is on its way.
 * @typedef {{ status: SyncStatus | null, trouble: unknown, posting: boolean }} SyncState
 */

/** @type {import("../../core/state.js").Store<SyncState>} */
export const sync = store(/** @type {SyncState} */ ({ status: null, trouble: null, posting: false }));

/** @param {Partial<SyncState>} change */
export const know = (change) => sync.set({ ...sync.get(), ...change });

export const syncStatus = () => sync.get().status;
export const isRunning = () => sync.get().posting || Boolean(syncStatus()?.running);

/** What would refuse a sign-in, as the code of an error; null: nothing. */
export function refusesSignIn() {
  const status = syncStatus();
  if (status?.configuration?.some(({ stopsSync }) => stopsSync)) return "configuration_error";
  return status?.enabled === false ? "feature_disabled" : null;
}

/** The same of a sync. */
export function refusesSync() {
  const state = syncStatus()?.signIn.state;
  return refusesSignIn() ?? (state && state !== "signedIn" ? "sign_in_required" : null);
}

/** The newest run that came to an end. */
export const lastRun = () => syncStatus()?.runs.find(({ state }) => state !== "running") ?? null;

/** Something in this page that wants quick answers, such as a sign-in in progress. */
let eager = false;
let timer = 0;
/** The question that is on its way. @type {Promise<void> | null} */
let asking = null;
/** Whether something has happened since that its answer may not know of. */
let askedAgain = false;
/** The version of the data in the view, "" before there is one. */
let shownVersion = "";

/** @param {boolean} wanted */
export function beEager(wanted) {
  eager = wanted;
  schedule();
}

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
    const before = syncStatus();
    try {
      know({ status: await api.status(), trouble: null });
    } catch (trouble) {
      know({ trouble });
    }
    const now = syncStatus();
    // The view was loaded before the first answer: a run may have come to its end in between.
    const news = now && (before ? ended(before) !== ended(now) : shownVersion && shownVersion !== now.dataVersion);
    if (news) refresh();
  } while (askedAgain);
}

/** Tells apart the states in which the stored data may differ. @param {SyncStatus} of */
const ended = ({ runs, dataVersion }) => `${dataVersion} ${runs[0]?.id} ${runs[0]?.state} ${runs[0]?.finishedAt}`;

/** @param {number} [wait] milliseconds */
export function schedule(wait = isRunning() || eager ? RUNNING_MS : RESTING_MS) {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(askSync, wait);
}

document.addEventListener("visibilitychange", () => {
  const { status, trouble } = sync.get();
  if (document.hidden) clearTimeout(timer);
  else if (status || trouble) askSync();
});
