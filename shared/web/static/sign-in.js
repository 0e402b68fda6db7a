// Signing in to Partner Center: a device code to be entered elsewhere, or a redirect there and back.

/** @import { SignInStart } from "./contract.ts" */

import { api, Problem } from "./api.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { ago, copyButton } from "./labels.js";
import { problemText } from "./problems.js";
import { askSync, beEager } from "./sync.js";
import { toast } from "./toast.js";

const CHECK_MS = 5_000;

/** The device code this page has asked for. @type {Extract<SignInStart, { flow: "deviceCode" }> | null} */
let code = null;
let timer = 0;

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
    const { state, account } = await api.checkSignIn();
    if (state === "pending") {
      if (code) timer = setTimeout(check, CHECK_MS);
      return;
    }
    setCode(null);
    if (state === "signedIn") toast("success", t("signIn.done", { account: account ?? "" }));
    else toast("error", t(state === "declined" ? "signIn.declined" : "signIn.lapsed"));
    await askSync();
  } catch (error) {
    setCode(null);
    failed(error);
  }
}

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
