// One subscription: what it tells, where and when, how that goes, and what can be done with it.

/** @import { Subscription } from "../../core/contract.ts" */
/** @import { KnownView } from "./calls.js" */

import { h, icon, show } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { relative, t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";
import { refresh } from "../../core/refresh.js";
import { ask } from "../../parts/ask.js";
import { badge } from "../../parts/badges.js";
import { problemText, sentence } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { calls } from "./calls.js";

/**
 * @param {Subscription} subscription
 * @param {KnownView[]} views
 * @param {boolean} foreign whether it is somebody else's
 */
export function card(subscription, views, foreign) {
  const { id, name, events, lastSentAt, lastError, enabled } = subscription;
  const outcome = outcomeOf(id);
  const title = name || t("notify.unnamed");
  return h(
    "article.card.subscription",
    { "data-key": id, "aria-label": title },
    h(
      "header",
      null,
      h("h3", { dir: "auto" }, title),
      foreign ? badge(subscription.owner.name, "grey") : null,
      enabled ? null : badge(t("notify.off"), "amber"),
    ),
    h("p", null, events.map((event) => badge(t(`notify.event.${event}`), "blue"))),
    h("p.muted", null, `${where(subscription)} · ${when(subscription)}${viewName(subscription, views)}`),
    h("p.sub", null, lastSentAt ? t("notify.lastSent", { when: relative(lastSentAt), time: dateTime(lastSentAt) }) : t("notify.neverSent")),
    lastError ? h("p.failing", { role: "alert" }, icon("warning"), h("span", null, t("notify.lastError", { what: explain(lastError) }))) : null,
    outcome,
    h(
      "div.actions",
      null,
      button(`test-${id}`, t("notify.test"), () => tryOut(subscription, outcome), !enabled),
      h("a.button.small", { href: listHref("notifications", { subscription: id }), "data-focus": `edit-${id}` }, t("notify.edit")),
      button(`switch-${id}`, t(enabled ? "notify.switchOff" : "notify.switchOn"), () => after(calls.change(id, { enabled: !enabled }))),
      button(`remove-${id}`, t("notify.remove"), () => remove(id, title)),
    ),
  );
}

/** What came of trying out, by subscription: it stays when the card is shown anew. @type {Map<string, HTMLElement>} */
const outcomes = new Map();

/** @param {string} id */
function outcomeOf(id) {
  const outcome = outcomes.get(id) ?? h("p.outcome", { role: "status" });
  outcomes.set(id, outcome);
  return outcome;
}

/** @param {{ code: string, message: string }} error */
const explain = ({ code, message }) => sentence(`notify.${code}`) ?? message;

/** @param {Subscription} subscription */
const where = ({ channel, target }) => t(`notify.where.${channel}`, { target: target || "?" });

/** @param {Subscription} subscription */
function when({ when: how, at, timeZone, events, dueDays }) {
  const time = how === "now" ? t("notify.when.now") : t("notify.when.daily", { at, zone: timeZone });
  const days = events.includes("due") && dueDays.length ? t("notify.days", { days: dueDays.join(", ") }) : "";
  return [time, days].filter(Boolean).join(" · ");
}

/** @param {Subscription} subscription @param {KnownView[]} views */
function viewName({ viewId }, views) {
  if (!viewId) return "";
  const view = views.find(({ id }) => id === viewId);
  return ` · ${view ? t("notify.inView", { name: view.name }) : t("notify.otherView")}`;
}

/**
 * @param {string} name
 * @param {string} label
 * @param {() => void} run
 * @param {boolean} [disabled]
 */
const button = (name, label, run, disabled = false) =>
  h("button.small", { type: "button", "data-focus": name, disabled, onclick: run }, label);

/** @param {Subscription} subscription @param {HTMLElement} outcome */
async function tryOut({ id, channel }, outcome) {
  show(outcome, t("notify.testing"));
  try {
    const { state, error } = await calls.test(id);
    outcome.dataset["state"] = state;
    show(outcome, error ? t("notify.testFailed", { what: explain(error) }) : t(`notify.testSent.${channel}`));
  } catch (error) {
    outcome.dataset["state"] = "failed";
    show(outcome, problemText(error));
  }
}

/** Asks first: the address of a Teams channel is shown to nobody, so nothing could bring it back. @param {string} id @param {string} name */
async function remove(id, name) {
  if (await ask(t("notify.remove.title", { name }), t("notify.remove.text"), t("notify.remove"))) await after(calls.remove(id), t("notify.removed"));
}

/** @param {Promise<unknown>} doing @param {string} [done] */
export async function after(doing, done) {
  try {
    await doing;
    if (done) toast("success", done);
  } catch (error) {
    toast("error", t("notify.failed"), { detail: problemText(error) });
  }
  refresh();
}
