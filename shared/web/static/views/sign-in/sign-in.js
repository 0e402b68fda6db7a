// Signing in to Partner Center: by a device code to be entered elsewhere, or by a redirect there and back.

/** @import { SignInCheck, SignInStart } from "../../core/contract.ts" */

import { api, Problem } from "../../core/api.js";
import { h, icon } from "../../core/dom.js";
import { has, relative, t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { store } from "../../core/state.js";
import { ask } from "../../parts/ask.js";
import { copyButton } from "../../parts/copy.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { startSync } from "../sync/start.js";
import { askSync, beEager, refusesSignIn, sync, syncStatus } from "../sync/status.js";

const CHECK_MS = 5_000;

/** @typedef {Extract<SignInStart, { flow: "deviceCode" }>} DeviceCode */

/** The device code this page has asked for. @type {import("../../core/state.js").Store<DeviceCode | null>} */
export const code = store(/** @type {DeviceCode | null} */ (null));
let timer = 0;
/** The timer that asks about a sign-in begun elsewhere. */
let waiting = 0;

/** @param {DeviceCode | null} now */
function setCode(now) {
  clearTimeout(timer);
  beEager(now !== null);
  if (now) timer = setTimeout(check, CHECK_MS);
  code.set(now);
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
    const answer = await api.checkSignIn(code.get()?.id ?? null);
    if (answer.state === "pending") {
      timer = setTimeout(check, CHECK_MS);
      return;
    }
    setCode(null);
    say(answer);
    await askSync();
  } catch (error) {
    if (passes(error)) timer = setTimeout(check, CHECK_MS);
    else {
      setCode(null);
      failed(error);
    }
  }
}

/** Whether a question only got lost: the code is as good as before, and somebody may just be entering it. @param {unknown} error */
const passes = (error) =>
  error instanceof Problem &&
  error.code !== "configuration_error" &&
  (error.status === 0 || error.status === 429 || error.status >= 500 || error.code === "unreadable");

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
    // What was missed meanwhile comes at once, not when the timer is next due.
    if (may("operate")) startSync({ quiet: true });
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

// A sign-in that was begun before this page was loaded is asked about all the same: nobody else may be left to ask. Readers'
// pages leave it to those of operators, which are allowed to.
const askElsewhere = () => {
  if (syncStatus()?.signIn.state !== "pending" || code.get() || waiting || !may("operate")) return;
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
};
sync.watch(askElsewhere);
me.watch(askElsewhere);

/** Takes the app's access to Partner Center away, for everybody, once that has been confirmed. */
export async function disconnect() {
  if (!(await ask(t("signIn.disconnect.title"), t("signIn.disconnect.text"), t("signIn.disconnect")))) return;
  try {
    await api.signOut();
    toast("success", t("signIn.out"));
  } catch (error) {
    failed(error);
  }
  await askSync();
}

/** Null for who may not sign in. */
export const signInButton = () =>
  may("operate") && !refusesSignIn() ? h("button.primary", { type: "button", "data-focus": "sign-in", onclick: beginSignIn }, t("signIn.button")) : null;

/** "The code expires in 14 minutes." @param {string} when */
const expiry = (when) => t("signIn.expires", { when: relative(when, "always") });

/** The code with what to do with it, while one is waiting. */
export function codeBox() {
  const known = code.get();
  if (!known) return null;
  // The address comes from Entra by way of our server; anything but https would be no sign-in page.
  const address = /^https:\/\//.test(known.verificationUri) ? known.verificationUri : null;
  return h(
    "div.code-box",
    null,
    h("p", null, t("signIn.code")),
    h("p.code-line", null, h("code.code", null, known.userCode), copyButton(t("signIn.copy"), known.userCode)),
    h(
      "p.actions",
      null,
      address
        ? h("a.button.primary", { href: address, target: "_blank", rel: "noopener noreferrer" }, t("signIn.open"), icon("external"))
        : null,
      h("button.small", { type: "button", onclick: check, "data-focus": "check-sign-in" }, t("signIn.check")),
    ),
    h("p.muted", null, t("signIn.waiting"), " ", expiry(known.expiresAt)),
  );
}
