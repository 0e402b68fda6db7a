// What everybody should know before reading the data: each notice says what is the matter and has the action at hand.

import { find, h, icon, show } from "./dom.js";
import { currentLanguage, dateTime, t } from "./i18n.js";
import { ago } from "./labels.js";
import { sentence } from "./problems.js";
import { href, current } from "./route.js";
import { beginSignIn, codeBox, codeShown, signInButton } from "./sign-in.js";
import { isRunning, lastRun, runTrouble, startSync, syncStatus } from "./sync.js";

/** @typedef {{ name: string, tone: "info" | "warn" | "bad", title: string, content?: (Node | string | null)[], actions?: (Node | null)[] }} Notice */

let shown = "";

/** Shows the notices, touching the page only when they changed. */
export function paintNotices() {
  const notices = collect();
  const look = JSON.stringify([currentLanguage(), codeShown(), notices.map(({ name, title }) => [name, title])]);
  if (look === shown) return;
  shown = look;
  show(
    find("#notices"),
    notices.map(({ name, tone, title, content, actions }) =>
      h(
        `section.notice.${tone}`,
        { "data-notice": name, "aria-label": title },
        icon(tone === "info" ? "info" : "warning"),
        h("div", null, h("p.strong", null, title), content ?? []),
        actions?.length ? h("div.actions", null, actions) : null,
      ),
    ),
  );
}

const syncButton = () =>
  h("button", { type: "button", "data-focus": "notice-sync", onclick: () => startSync() }, t("sync.now"));

/** @returns {Notice[]} */
function collect() {
  const status = syncStatus();
  if (!status) return [];
  if (!status.enabled) {
    return [
      ...configuration(),
      { name: "disabled", tone: "info", title: t("notice.disabled"), content: [h("p", null, t("notice.disabled.text"))] },
    ];
  }
  const notices = [...configuration(), ...signIn()];
  const run = lastRun();
  const signedIn = status.signIn.state === "signedIn";
  if (status.throttledUntil && Date.parse(status.throttledUntil) > Date.now()) {
    notices.push({
      name: "throttled",
      tone: "info",
      title: t("notice.throttled"),
      content: [h("p", null, t("notice.throttled.text"), " ", ago(status.throttledUntil))],
    });
  } else if (run?.state === "failed" && !isRunning() && !(run.error?.code === "sign_in_required" && !signedIn)) {
    notices.push({
      name: "failed",
      tone: "bad",
      title: t("notice.failed", { when: dateTime(run.finishedAt ?? run.startedAt) }),
      content: [h("p", null, runTrouble(run))],
      actions: [syncButton(), h("a.button", { href: href({ ...current(), panel: "sync", id: null, key: null }) }, t("notice.runs"))],
    });
  }
  if (run?.visibilityChanged) {
    notices.push({ name: "visibility", tone: "warn", title: t("notice.visibility"), content: [h("p", null, t("notice.visibility.text"))] });
  }
  if (!status.fresh && signedIn && !isRunning() && run?.state !== "failed") {
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

/** @returns {Notice[]} */
function configuration() {
  const problems = syncStatus()?.configuration ?? [];
  if (problems.length === 0) return [];
  return [
    {
      name: "configuration",
      tone: "bad",
      title: t("notice.configuration", { n: problems.length }),
      content: [h("ul", null, problems.map(({ name, message }) => h("li", null, h("code", null, name), " ", message)))],
    },
  ];
}

/** @returns {Notice[]} */
function signIn() {
  const state = syncStatus()?.signIn;
  if (!state) return [];
  if (codeShown() && state.state !== "signedIn") {
    return [{ name: "code", tone: "info", title: t("signIn.title"), content: [codeBox()] }];
  }
  if (state.state === "pending") {
    return [
      {
        name: "pending",
        tone: "info",
        title: t("signIn.pending"),
        content: [h("p", null, t("signIn.pending.text"))],
        actions: [h("button", { type: "button", "data-focus": "sign-in", onclick: beginSignIn }, t("signIn.again"))],
      },
    ];
  }
  const because = state.reasonCode ? (sentence(state.reasonCode) ?? state.reason) : state.reason;
  if (state.state === "expired") {
    return [
      {
        name: "expired",
        tone: "bad",
        title: t("signIn.expired"),
        content: [h("p", null, because ?? t("error.sign_in_required")), h("p", null, t("signIn.expired.text"))],
        actions: [signInButton()],
      },
    ];
  }
  if (state.state === "signedOut") {
    return [
      {
        name: "signedOut",
        tone: "warn",
        title: t("signIn.signedOut"),
        content: [h("p", null, because ? `${because} ` : "", t("signIn.signedOut.text"))],
        actions: [signInButton()],
      },
    ];
  }
  if (state.reason || state.reasonCode) {
    return [{ name: "renewal", tone: "warn", title: t("signIn.renewal"), content: [h("p", null, because)] }];
  }
  return [];
}
