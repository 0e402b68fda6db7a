// The panels about the sync itself: its runs, the sign-in, and what could not be stored.

/** @import { Quarantined, Run, SyncStatus } from "./contract.ts" */

import { h, icon } from "./dom.js";
import { dateTime, duration, relative, t, term } from "./i18n.js";
import { ago, badge, copyButton, pretty } from "./labels.js";
import { current, href } from "./route.js";
import { facts, fillSheet, section } from "./sheet.js";
import { because, codeBox, signInButton, signOut } from "./notices.js";
import { isRunning, outcome, progressLine, runTrouble, startSync } from "./sync.js";

/** @type {Record<string, string>} */
const STATE_TONES = { succeeded: "green", failed: "red", paused: "amber", running: "blue" };

/**
 * @param {string} name of the sheet
 * @param {SyncStatus} status
 */
export function showSyncPanel(name, status) {
  const off = isRunning() || !status.enabled;
  /** @param {string} label @param {string} hint @param {Parameters<typeof startSync>[0]} options */
  const start = (label, hint, options) =>
    h(
      "button",
      { type: "button", disabled: off, title: t(hint), "data-focus": label, onclick: () => startSync(options) },
      t(label),
    );
  fillSheet(
    name,
    {
      title: t("sync.panel"),
      over: t("nav.product"),
      actions: [
        start("sync.now", "sync.hint", {}),
        start("sync.full", "sync.full.hint", { mode: "full" }),
        start("sync.dry", "sync.dry.hint", { dryRun: true }),
        h("a.button", { href: href({ ...current(), panel: "quarantine" }), "data-focus": "quarantine" }, t("quarantine.open")),
      ],
    },
    status.running ? progressLine(status.running) : null,
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
    ),
    section(t("sync.runs"), [
      status.runs.length ? h("ul.runs", { role: "list" }, status.runs.map(line)) : h("p.muted", null, t("sync.runs.none")),
    ]),
  );
}

/** @param {SyncStatus} status */
function account({ signIn, enabled }) {
  const waiting = signIn.state === "signedIn" ? null : codeBox();
  return h(
    "div",
    null,
    facts([
      [t("signIn.state"), t(`signIn.state.${signIn.state}`)],
      [t("signIn.account"), signIn.account],
      [t("signIn.renewed"), signIn.lastRenewedAt && ago(signIn.lastRenewedAt)],
      [t("signIn.reason"), because(signIn.reason, signIn.reasonCode)],
    ]),
    waiting,
    signIn.state === "signedIn"
      ? h("button.small", { type: "button", "data-focus": "sign-out", onclick: signOut }, t("signIn.signOut"))
      : enabled && !waiting
        ? signInButton()
        : null,
  );
}

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
      h("span.strong", null, run.state === "failed" ? t("sync.failed") : outcome(run)),
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

/**
 * @param {string} name of the sheet
 * @param {{ items: Quarantined[], total: number }} quarantine
 */
export const showQuarantine = (name, { items, total }) =>
  fillSheet(
    name,
    { title: t("quarantine.title"), over: h("a", { href: href({ ...current(), panel: "sync" }) }, t("sync.panel")) },
    h("p", null, t("quarantine.text")),
    h("p.strong", null, t("quarantine.count", { n: total })),
    items.length
      ? h(
          "ul.runs",
          { role: "list" },
          items.map((item) =>
            h(
              "li.run",
              { role: "listitem" },
              h("div.run-head", null, icon("warning"), h("span.strong", { dir: "auto" }, term("problem", item.reason))),
              h(
                "p.sub",
                null,
                [item.id, t("quarantine.seen", { first: dateTime(item.firstSeenAt), last: dateTime(item.lastSeenAt) })].filter(Boolean).join(" · "),
              ),
              h(
                "details",
                { id: `quarantined-${item.key}` },
                h("summary", null, t("detail.raw")),
                copyButton(t("copy.raw"), pretty(item.raw)),
                h("pre", { tabindex: 0, role: "region", "aria-label": t("detail.raw") }, pretty(item.raw)),
              ),
            ),
          ),
        )
      : h("p.muted", null, t("quarantine.none")),
  );
