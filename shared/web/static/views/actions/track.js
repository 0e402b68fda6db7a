// The reader's own actions that are under way: they are followed wherever the reader goes, and after the page was closed and opened again.

/** @import { Action } from "../../core/contract.ts" */

import { Problem } from "../../core/api.js";
import { serverNow } from "../../core/clock.js";
import { t } from "../../core/i18n.js";
import { feature, may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { go, referralHref } from "../../core/router.js";
import { store } from "../../core/state.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { action as ask, actions, change } from "./calls.js";
import { faultText, named } from "./words.js";

const ENDS = new Set(["applied", "refused", "conflict", "failed", "cancelled"]);
const SENDING_MS = 1_500;
const UNCONFIRMED_MS = 8_000;

/** Those under way, the oldest first. @type {import("../../core/state.js").Store<Action[]>} */
export const under = store(/** @type {Action[]} */ ([]));

/** @param {Action} action */
export const ended = ({ state }) => ENDS.has(state);

/** Whole seconds that an action still waits. @param {Action} action */
export const secondsLeft = ({ notBefore }) => Math.max(0, Math.ceil((Date.parse(notBefore) - serverNow()) / 1000));

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();

/**
 * Follows an action until it has ended, and says how it ended.
 * @param {Action} action
 */
export function follow(action) {
  const others = under.get().filter(({ id }) => id !== action.id);
  clearTimeout(timers.get(action.id));
  timers.delete(action.id);
  if (action.batchId) return;
  if (ended(action)) {
    const known = others.length < under.get().length;
    under.set(others);
    if (known) say(action);
    return;
  }
  under.set([...others, action].sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1)));
  const wait = action.state === "waiting" ? secondsLeft(action) * 1000 + 200 : action.state === "sending" ? SENDING_MS : UNCONFIRMED_MS;
  timers.set(action.id, setTimeout(() => look(action), wait));
}

/** What waited long enough is sent; all else is asked for. @param {Action} known */
async function look(known) {
  try {
    follow(known.state === "waiting" && secondsLeft(known) === 0 ? await change(known.id, "send") : await ask(known.id));
  } catch (error) {
    if (error instanceof Problem && error.body["action"]) follow(/** @type {Action} */ (error.body["action"]));
    else timers.set(known.id, setTimeout(() => again(known), UNCONFIRMED_MS));
  }
}

/** @param {Action} known */
async function again(known) {
  try {
    follow(await ask(known.id));
  } catch {
    timers.set(known.id, setTimeout(() => again(known), UNCONFIRMED_MS));
  }
}

/** Tells how an action ended, and brings what is shown up to date. @param {Action} action */
export function say(action) {
  const name = action.referralName ?? t("unnamed.referral");
  if (action.state === "applied") {
    toast("success", action.alreadyDone ? t("act.already", { what: named(action), name }) : t(`act.applied.${action.action}`, { name }));
  } else if (action.state === "cancelled") {
    toast("info", t("act.cancelled", { what: named(action), name }));
  } else {
    toast("error", t(`act.ended.${action.state}`, { what: named(action), name }), {
      detail: faultText(action),
      action: { label: t("act.show"), run: () => go(referralHref(action.referralId)) },
    });
  }
  refresh();
}

/** @param {Action} action */
export async function undo(action) {
  try {
    follow(await change(action.id, "cancel"));
  } catch (error) {
    toast("error", problemText(error));
    look({ ...action, state: "sending" });
  }
}

/** @param {Action} action @param {"send" | "retry"} what */
export async function hurry(action, what) {
  try {
    const now = await change(action.id, what);
    if (ended(now)) {
      under.set([...under.get().filter(({ id }) => id !== now.id), now]);
    }
    follow(now);
  } catch (error) {
    const about = error instanceof Problem ? /** @type {Action | undefined} */ (error.body["action"]) : undefined;
    if (about && ended(about)) follow(about);
    else toast("error", problemText(error));
    refresh();
  }
}

/** Takes up what was under way when the page was opened. */
export async function takeUp() {
  if (!may("write") || !feature("write")) return;
  const query = new URLSearchParams({ who: "me", pageSize: "20" });
  for (const state of ["waiting", "sending", "unconfirmed"]) query.append("state", state);
  try {
    for (const each of (await actions(query)).items) follow(each);
  } catch {
    // What waits is sent by the server all the same; the next visit takes it up.
  }
}
