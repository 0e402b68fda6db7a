// How the exchange with Dynamics 365 is doing: health, queue, what went wrong, the plan, the last runs.

/** @import { CrmPlan, CrmRun, CrmStatus, Referral } from "../../core/contract.ts" */

import { h, show } from "../../core/dom.js";
import { dateTime, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { listHref, referralHref } from "../../core/router.js";
import { mount, store } from "../../core/state.js";
import { badge } from "../../parts/badges.js";
import { facts, part } from "../../parts/facts.js";
import { toast } from "../../parts/toasts.js";
import { ago } from "../../parts/values.js";
import { crmBadge } from "./badge.js";
import { calls } from "./calls.js";
import { errorText, fieldName, fieldValue, refusedText } from "./words.js";

/** @typedef {{ status: CrmStatus, wrong: Referral[] }} Known */

/** The plan that was asked for last. @type {import("../../core/state.js").Store<{ busy: boolean, plan: CrmPlan[] | null }>} */
const asked = store(/** @type {{ busy: boolean, plan: CrmPlan[] | null }} */ ({ busy: false, plan: null }));

/** @type {import("../index.js").ViewModule<Known>} */
export const view = {
  load: async (_route, signal) => {
    const [status, page] = await Promise.all([calls.status(signal), calls.wrong(signal)]);
    return { status, wrong: page.items };
  },
  show: (root, { status, wrong }) => {
    const tools = h("div.list-tools");
    const plan = h("div.wide");
    show(
      root,
      h("div.head", null, h("h1", { id: "title", tabindex: -1 }, t("nav.dynamics")), tools),
      h("p.muted.lead", null, t("crm.lead")),
      status.enabled ? null : h("p.error", null, t("crm.off")),
      status.connectorFound ? h("p.error", { role: "alert" }, t("crm.connector")) : null,
      status.error ? h("p.error", { role: "alert", dir: "auto" }, errorText(status.error)) : null,
      h("div.crm-view", null, plan, health(status), queue(status), errors(wrong), runs(status.runs)),
    );
    mount(tools, [asked], () => (may("operate") && status.enabled ? buttons() : []));
    mount(plan, [asked], () => planned(asked.get().plan));
  },
  around: ({ wrong }) => wrong.map(({ id }) => id),
};

const buttons = () => [
  button("crm.plan", async () => {
    const { plan } = await calls.plan();
    asked.set({ busy: true, plan });
  }),
  button("crm.sync", async () => {
    const run = await calls.sync();
    asked.set({ busy: true, plan: null });
    toast("success", t("crm.ran", counts(run)));
    refresh();
  }),
];

/** @param {CrmRun} run */
const counts = ({ created, updated, pulled, failed }) => ({ created, updated, pulled, failed });

/** @param {string} label @param {() => Promise<void>} run */
const button = (label, run) =>
  h(
    "button",
    {
      type: "button",
      "data-focus": label,
      disabled: asked.get().busy,
      onclick: async () => {
        asked.set({ ...asked.get(), busy: true });
        try {
          await run();
        } catch (error) {
          toast("error", t("crm.failed"), { detail: refusedText(error) });
        } finally {
          asked.set({ ...asked.get(), busy: false });
        }
      },
    },
    t(label),
  );

/** @param {boolean | null} reachable */
function answers(reachable) {
  if (reachable === null) return badge(t("crm.health.unknown"), "grey");
  return reachable ? badge(t("crm.health.reachable"), "green") : badge(t("crm.health.unreachable"), "red");
}

/** @param {CrmStatus} status */
const health = (status) =>
  part(t("crm.health"), [
    facts([
      [t("column.status"), answers(status.reachable)],
      [t("crm.organisation"), status.organisation],
      [t("crm.user"), status.user],
      [t("crm.key"), t(`crm.key.${status.key}`)],
      [t("crm.policy"), t(`crm.policy.${status.push}`)],
      [t("crm.paused"), status.pausedUntil && dateTime(status.pausedUntil)],
    ]),
  ]);

/** @param {CrmStatus} status */
const queue = ({ linked, pending, failed, conflicts }) =>
  part(t("crm.queue"), [
    facts([
      [t("crm.queue.linked"), many(linked, "linked")],
      [t("crm.queue.pending"), many(pending, "pending")],
      [t("crm.queue.failed"), many(failed, "failed")],
      [t("crm.queue.conflicts"), many(conflicts, "conflict")],
    ]),
  ]);

/** @param {number} count @param {string} state */
const many = (count, state) => h("a", { href: listHref("referrals", { dynamics: state, missing: "include" }) }, number(count));

/** @param {Referral[]} wrong */
const errors = (wrong) =>
  part(t("crm.errors"), [
    wrong.length === 0
      ? h("p.muted", null, t("crm.errors.none"))
      : h(
          "ul.plain",
          null,
          wrong.map((referral) =>
            h(
              "li",
              null,
              h("a", { href: referralHref(referral.id), dir: "auto" }, referral.name || t("unnamed.referral")),
              " ",
              crmBadge(referral),
              referral.dynamics?.error ? h("p", { dir: "auto" }, errorText(referral.dynamics.error)) : null,
            ),
          ),
        ),
  ], ".wide");

/** @param {CrmRun[]} list */
const runs = (list) =>
  part(t("crm.runs"), [
    list.length === 0
      ? h("p.muted", null, t("crm.runs.none"))
      : table(
          "table.counts",
          t("crm.runs"),
          ["at", "created", "updated", "pulled", "unchanged", "failed", "requests"].map((name) => t(`crm.runs.${name}`)),
          list.map((run) => [
            ago(run.at),
            ...[run.created, run.updated, run.pulled, run.unchanged, run.failed, run.requests].map((count) => number(count)),
          ]),
        ),
  ], ".wide");

/** @param {string} tag @param {string} title @param {string[]} heads @param {(Node | string | null)[][]} rows */
const table = (tag, title, heads, rows) =>
  h(
    "div.scroll",
    { tabindex: 0, role: "group", "aria-label": title },
    h(
      tag,
      null,
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", null, rows.map((row) => h("tr", null, row.map((cell) => h("td", { dir: "auto" }, cell))))),
    ),
  );

/** @param {CrmPlan[] | null} plan */
function planned(plan) {
  if (!plan) return [];
  return part(t("crm.plan.title"), [
    plan.length === 0
      ? h("p.muted", null, t("crm.plan.none"))
      : table(
          "table.plan",
          t("crm.plan.title"),
          [t("crm.plan.referral"), t("crm.plan.operation"), t("crm.plan.changes")],
          plan.map((row) => [
            h("a", { href: referralHref(row.referralId), dir: "auto" }, row.name || t("unnamed.referral")),
            t(`crm.plan.${row.operation}`),
            h("ul.plain", null, row.fields.map((field) => (row.operation === "create" ? made(field) : change(field))), row.reason ? h("li", null, reason(row)) : null),
          ]),
        ),
  ]);
}

/** Why it would be done, or not. @param {CrmPlan} row */
const reason = ({ reason: message, phrase, details }) =>
  phrase === "becomes" ? t("crm.plan.becomes") : errorText({ code: phrase ?? "", message: message ?? "", ...(phrase && { phrase }), ...(details && { details }) });

/** Of a new record there is nothing to compare. @param {CrmPlan["fields"][number]} each */
const made = ({ field, becomes }) => h("li", null, `${fieldName(field)}: ${fieldValue(field, becomes)}`);

/** @param {CrmPlan["fields"][number]} each */
const change = ({ field, crm, partnerCenter, becomes }) =>
  h(
    "li",
    null,
    t("crm.plan.change", {
      field: fieldName(field),
      crm: fieldValue(field, crm),
      partnerCenter: fieldValue(field, partnerCenter),
      becomes: fieldValue(field, becomes),
    }),
  );
