// Who did what: all actions, or those of one batch with its progress and its results.

/** @import { Action, Batch } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */
/** @import { ActionPage } from "../actions/calls.js" */

import { h, show } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { relative, t } from "../../core/i18n.js";
import { feature, may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { changed, go, href, referralHref } from "../../core/router.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { actions, batch as askBatch, cancelBatch, change } from "../actions/calls.js";
import { ended, hurry, secondsLeft, undo } from "../actions/track.js";
import { KINDS, faultText, named, stateBadge, wanted } from "../actions/words.js";
import { pages } from "../list/pages.js";

const STATES = ["waiting", "sending", "unconfirmed", "applied", "refused", "conflict", "failed", "cancelled"];
const AGAIN_MS = 1_500;
let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

/** @typedef {{ page: ActionPage, batch: Batch | null }} Data */

/** @type {import("../index.js").ViewModule<Data>} */
export const view = {
  load: async (route, signal) => {
    const query = new URLSearchParams(route.query);
    if (query.get("batch")) query.set("pageSize", "200");
    const [page, batch] = await Promise.all([
      actions(query, signal),
      query.get("batch") ? askBatch(query.get("batch") ?? "", signal) : null,
    ]);
    return { page, batch };
  },
  show: (root, data, route) => {
    clearTimeout(timer);
    const going = data.page.items.some((action) => !ended(action));
    if (going) timer = setTimeout(refresh, AGAIN_MS);
    show(
      root,
      h("h1", { tabindex: -1 }, data.batch ? t("batch.title", { what: named(data.batch), n: data.batch.total }) : t("activity.title")),
      data.batch ? progress(data.batch) : filters(route),
      list(data.page.items),
      data.batch ? null : h("div.pages", null, pages(route, data.page)),
    );
  },
  around: (data) => [...new Set(data.page.items.map(({ referralId }) => referralId))],
};

/** @param {Route} route */
function filters(route) {
  /** @param {string} name @param {string[]} values @param {(value: string) => string} label */
  const select = (name, values, label) =>
    h(
      "label.field",
      null,
      t(`activity.${name}`),
      h(
        "select",
        {
          "data-focus": `activity-${name}`,
          onchange: (/** @type {Event} */ event) => go(changed(route, { [name]: /** @type {HTMLSelectElement} */ (event.target).value || null }), { replace: true }),
        },
        h("option", { value: "" }, t("activity.any")),
        values.map((value) => h("option", { value, selected: route.query.get(name) === value }, label(value))),
      ),
    );
  return h(
    "div.activity-filters",
    { role: "group", "aria-label": t("activity.filters") },
    select("who", ["me"], () => t("activity.mine")),
    select("action", KINDS, (kind) => t(`act.${kind}`)),
    select("state", STATES, (state) => t(`act.state.${state}`)),
    route.query.get("referral") ? h("a.button.small", { href: changed(route, { referral: null }) }, t("filters.clear")) : null,
  );
}

/** @param {Action[]} items */
const list = (items) =>
  items.length
    ? h("ol.activity", null, items.map(entry))
    : h("p.muted", null, t("activity.none"));

/** @param {Action} action */
function entry(action) {
  const left = action.state === "waiting" ? secondsLeft(action) : 0;
  return h(
    "li",
    { "data-state": action.state },
    h(
      "div.grow",
      null,
      h(
        "p",
        null,
        h("strong", null, named(action)),
        " · ",
        h("a.opener", { href: referralHref(action.referralId), dir: "auto" }, action.referralName || t("unnamed.referral")),
      ),
      h(
        "p.sub",
        null,
        h("span", { dir: "auto" }, action.who.name),
        " · ",
        h("time", { datetime: action.createdAt, title: dateTime(action.createdAt) }, relative(action.createdAt)),
        wanted(action) ? ` · ${wanted(action)}` : "",
        left ? ` · ${t("act.in", { n: left })}` : "",
      ),
      action.remark ? h("p.sub", { dir: "auto" }, `“${action.remark}”`) : null,
      action.error ? h("p.sub.error", { dir: "auto" }, faultText(action)) : null,
    ),
    stateBadge(action),
    may("write") && action.state === "waiting" && !action.batchId
      ? h("button.small", { type: "button", "data-focus": `undo-in-${action.id}`, onclick: () => undo(action) }, t("act.undo"))
      : null,
    may("write") && feature("write") && action.state === "failed"
      ? h("button.small", { type: "button", "data-focus": `retry-${action.id}`, onclick: () => hurry(action, "retry") }, t("act.retry"))
      : null,
  );
}

/** @param {Batch} batch */
function progress(batch) {
  const done = batch.items.filter(ended).length;
  const failed = batch.items.filter(({ state }) => state === "failed");
  return h(
    "section.card.batch",
    { "aria-label": t("batch.progress") },
    h("progress", { max: batch.total, value: done, "aria-label": t("batch.progress") }),
    h("p.strong", { role: "status" }, t(done === batch.total ? "batch.done" : "batch.going", { done, n: batch.total })),
    h("p.sub", null, Object.entries(batch.states).map(([state, n]) => `${t(`act.state.${state}`)}: ${n}`).join(" · ")),
    h(
      "div.actions",
      null,
      batch.states["waiting"] && may("write")
        ? h("button", { type: "button", "data-focus": "batch-cancel", onclick: () => stop(batch) }, t("batch.cancel"))
        : null,
      failed.length && may("write") && feature("write")
        ? h("button.primary", { type: "button", "data-focus": "batch-retry", onclick: () => retryAll(failed) }, t("batch.retry", { n: failed.length }))
        : null,
      h("a.button", { href: href({ view: "activity" }) }, t("batch.all")),
    ),
  );
}

/** @param {Batch} batch */
async function stop(batch) {
  try {
    await cancelBatch(batch.id);
  } catch (error) {
    toast("error", problemText(error));
  }
  refresh();
}

/** @param {Action[]} failed */
async function retryAll(failed) {
  for (const action of failed) {
    try {
      await change(action.id, "retry");
    } catch {
      // Its line says what became of it.
    }
    refresh();
  }
}
