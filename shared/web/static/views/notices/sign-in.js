// What is to be said about the sign-in to Partner Center.

/** @import { Notice } from "./notices.js" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { because, beginSignIn, code, codeBox, signInButton } from "../sign-in/sign-in.js";
import { refusesSignIn, syncStatus } from "../sync/status.js";

/** Whom a reader is to ask, who can't sign in. */
const askOperator = () => (me.get() !== null && !may("operate") ? [" ", t("signIn.askOperator")] : []);

/** @returns {Notice[]} */
export function signInNotices() {
  const state = syncStatus()?.signIn;
  if (!state || !syncStatus()?.enabled) return [];
  const shown = code.get()?.userCode;
  if (shown && state.state !== "signedIn") {
    return [{ name: "code", tone: "info", title: t("signIn.title"), content: [codeBox()], version: shown }];
  }
  if (state.state === "pending") {
    return [
      {
        name: "pending",
        tone: "info",
        title: t("signIn.pending"),
        content: [h("p", null, t("signIn.pending.text"))],
        actions: [may("operate") ? h("button", { type: "button", "data-focus": "sign-in", onclick: beginSignIn }, t("signIn.again")) : null],
      },
    ];
  }
  const reason = because(state.reason, state.reasonCode);
  if (state.state === "expired") {
    return [
      {
        name: "expired",
        version: `${reason} ${refusesSignIn()}`,
        tone: "bad",
        title: t("signIn.expired"),
        content: [h("p", null, reason ?? t("error.sign_in_required")), h("p", null, t("signIn.expired.text"), ...askOperator())],
        actions: [signInButton()],
      },
    ];
  }
  if (state.state === "signedOut") {
    return [
      {
        name: "signedOut",
        version: `${reason} ${refusesSignIn()}`,
        tone: "warn",
        title: t("signIn.signedOut"),
        content: [h("p", null, state.reasonCode === "signed_out" || !reason ? "" : `${reason} `, t("signIn.signedOut.text"), ...askOperator())],
        actions: [signInButton()],
      },
    ];
  }
  if (reason) {
    return [{ name: "renewal", version: reason, tone: "warn", title: t("signIn.renewal"), content: [h("p", null, reason)] }];
  }
  return [];
}
