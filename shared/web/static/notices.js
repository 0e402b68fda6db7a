// What everybody should know before reading the data, with the action at hand; above all whether somebody is signed in to Partner
// Center: by a device code to be entered elsewhere, or by a redirect there and back.

/** @import { SignInCheck, SignInStart } from "./contract.ts" */

import { api, Problem } from "./api.js";
import { find, h, icon, show } from "./dom.js";
import { currentLanguage, dateTime, has, t } from "./i18n.js";
import { ago, copyButton } from "./labels.js";
import { problemText, toast } from "./messages.js";
import { current, href } from "./route.js";
import { askSync, beEager, isRunning, lastRun, runTrouble, startSync, syncStatus, watchSync } from "./sync.js";

const CHECK_MS = 5_000;

/** The device code this page has asked for. @type {Extract<SignInStart, { flow: "deviceCode" }> | null} */
let code = null;
let timer = 0;
/** The timer that asks about a sign-in begun elsewhere. */
let waiting = 0;

/** @type {(() => void)[]} */
const watchers = [];

/** @param {() => void} watcher */
export const watchSignIn = (watcher) => watchers.push(watcher);

/** @param {Extract<SignInStart, { flow: "deviceCode" }> | null} now */
function setCode(now) {
  code = now;
  clearTimeout(timer);
  beEager(now !== null);
  if (now) timer = setTimeout(check, CHECK_MS);
  for (const watcher of watchers) watcher();
}

/** @param {unknown} error */
const failed = (error) => toast("error", t("signIn.failed"), { detail: problemText(error) });

export async function beginSignIn() {
  try {
    const start = await api.signIn();
    if (start.flow === "deviceCode") return setCode(start);
    if (!/^https:\/\//.test(start.authorizationUri)) throw new Problem("unreadable");
    location.assign(start.authorizationUri);
  } catch (error) {
    failed(error);
  }
}

/** Asks whether the code has been entered by now. */
export async function check() {
  clearTimeout(timer);
  try {
    const answer = await api.checkSignIn(code?.id ?? null);
    if (answer.state === "pending") {
      timer = setTimeout(check, CHECK_MS);
      return;
    }
    setCode(null);
    say(answer);
    await askSync();
  } catch (error) {
    setCode(null);
    failed(error);
  }
}

/** Says how a sign-in ended, and what the account may see. @param {SignInCheck} answer */
function say({ state, account, reason, reasonCode, roleProblem, referralsVisible, moreReferrals }) {
  if (state !== "signedIn") {
    const detail = because(reason, reasonCode);
    toast("error", t(state === "declined" ? "signIn.declined" : "signIn.lapsed"), { detail });
  } else if (roleProblem) {
    toast("error", t("signIn.done", { account: account ?? "" }), { detail: problemText(new Problem("access_denied")) });
  } else {
    const sees = referralsVisible ? (moreReferrals ? "signIn.seesMore" : "signIn.sees") : "signIn.seesNone";
    const detail = referralsVisible === undefined ? null : t(sees, { n: referralsVisible });
    toast("success", t("signIn.done", { account: account ?? "" }), { detail });
  }
}

/**
 * The reason in the reader's language, else in the server's words.
 * @param {string | null | undefined} reason
 * @param {string | null | undefined} reasonCode
 */
export const because = (reason, reasonCode) =>
  reasonCode && has(`signInReason.${reasonCode}`) ? t(`signInReason.${reasonCode}`) : (reason ?? null);

/** Back from Microsoft's page: says how it went, and takes the mark out of the address. */
export async function afterRedirect() {
  const address = new URL(location.href);
  if (!address.searchParams.has("signIn")) return;
  address.searchParams.delete("signIn");
  history.replaceState(history.state, "", address);
  try {
    say(await api.checkSignIn(null));
  } catch (error) {
    failed(error);
  }
}

// A sign-in that was begun before this page was loaded is asked about all the same: nobody else may be left to ask.
watchSync(() => {
  if (syncStatus()?.signIn.state !== "pending" || code || waiting) return;
  waiting = setTimeout(async () => {
    try {
      const answer = await api.checkSignIn(null);
      if (answer.state === "signedIn") say(answer);
      if (answer.state !== "pending") await askSync();
    } catch {
      // The status goes on telling that it is pending.
    }
    waiting = 0;
    if (syncStatus()?.signIn.state === "pending" && !document.hidden) await askSync();
  }, CHECK_MS);
});

export async function signOut() {
  try {
    await api.signOut();
    toast("success", t("signIn.out"));
  } catch (error) {
    failed(error);
  }
  await askSync();
}

export const signInButton = () =>
  h("button.primary", { type: "button", "data-focus": "sign-in", onclick: beginSignIn }, t("signIn.button"));

/** A signature of what `codeBox` shows. */
export const codeShown = () => code?.userCode ?? null;

/** The code with what to do with it, while one is waiting. */
export function codeBox() {
  if (!code) return null;
  // The address comes from Entra by way of our server; anything but https would be no sign-in page.
  const address = /^https:\/\//.test(code.verificationUri) ? code.verificationUri : null;
  return h(
    "div.code-box",
    null,
    h("p", null, t("signIn.code")),
    h("p.code-line", null, h("code.code", null, code.userCode), copyButton(t("signIn.copy"), code.userCode)),
    h(
      "p.actions",
      null,
      address
        ? h("a.button.primary", { href: address, target: "_blank", rel: "noopener noreferrer" }, t("signIn.open"), icon("external"))
        : null,
      h("button.small", { type: "button", onclick: check, "data-focus": "check-sign-in" }, t("signIn.check")),
    ),
    h("p.muted", null, t("signIn.waiting"), " ", t("signIn.expires"), " ", ago(code.expiresAt)),
  );
}

/** @typedef {{ name: string, tone: "info" | "warn" | "bad", title: string, content?: (Node | string | null)[], actions?: (Node | null)[] }} Notice */

let shown = "";

/** Shows the notices, touching the page only when they changed. */
export function paintNotices() {
  const notices = collect();
  const status = syncStatus();
  const names = notices.map(({ name, title }) => [name, title]);
  const look = JSON.stringify([currentLanguage(), codeShown(), names, status?.signIn.reasonCode, status?.configuration, lastRun()?.id]);
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
  if (status.visibilityChanged) {
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
  const reason = because(state.reason, state.reasonCode);
  if (state.state === "expired") {
    return [
      {
        name: "expired",
        tone: "bad",
        title: t("signIn.expired"),
        content: [h("p", null, reason ?? t("error.sign_in_required")), h("p", null, t("signIn.expired.text"))],
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
        content: [h("p", null, state.reasonCode === "signed_out" || !reason ? "" : `${reason} `, t("signIn.signedOut.text"))],
        actions: [signInButton()],
      },
    ];
  }
  if (reason) {
    return [{ name: "renewal", tone: "warn", title: t("signIn.renewal"), content: [h("p", null, reason)] }];
  }
  return [];
}
