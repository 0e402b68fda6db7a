// Who is signed in to Partner Center, in the dialog of the sync.

/** @import { SyncStatus } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { facts } from "../../parts/facts.js";
import { ago } from "../../parts/values.js";
import { because, codeBox, disconnect, signInButton } from "./sign-in.js";

/** @param {SyncStatus} status */
export function account({ signIn, enabled }) {
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
      ? may("operate")
        ? h("button.small.danger", { type: "button", "data-focus": "disconnect", onclick: disconnect }, t("signIn.disconnect"))
        : null
      : enabled && !waiting
        ? signInButton()
        : null,
  );
}
