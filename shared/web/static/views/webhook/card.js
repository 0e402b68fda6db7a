// Whether Partner Center says at once what changed: a card in the dialog of the sync, for operators.

/** @import { SyncStatus, Webhook } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { feature, may } from "../../core/me.js";
import { mount } from "../../core/state.js";
import { facts, section } from "../../parts/facts.js";
import { problemText } from "../../parts/problems.js";
import { ago } from "../../parts/values.js";
import { ask, askWebhook, register, restore, sendTest, webhook } from "./state.js";

/** The card, or null for whoever can do nothing about it. @param {SyncStatus} status */
export function webhookCard({ signIn }) {
  if (!may("operate")) return null;
  if (!feature("webhook")) return section(t("webhook.section"), [h("p.muted", null, t("webhook.off"))]);
  if (signIn.state !== "signedIn") return section(t("webhook.section"), [h("p.muted", null, t("webhook.signedOut"))]);
  void askWebhook();
  const place = h("div.webhook");
  mount(place, [webhook], content);
  return section(t("webhook.section"), [place]);
}

function content() {
  const { known, trouble, busy, taking, test } = webhook.get();
  if (trouble) {
    return [
      h("p.error", { role: "alert" }, problemText(trouble)),
      h("div.actions", null, button("error.again", busy, () => void askWebhook(true))),
    ];
  }
  if (!known) return h("p.muted", null, t("loading"));
  return [
    facts([
      [t("webhook.to"), where(known)],
      [t("webhook.last"), known.ours && (known.lastEventAt ? ago(known.lastEventAt) : t("webhook.last.none"))],
      [t("webhook.seenBy"), known.lastChangeSeenBy && t(`webhook.seenBy.${known.lastChangeSeenBy}`)],
    ]),
    known.silent ? h("p.error", null, t("webhook.silent")) : null,
    test ? h(`p.${test.tone === "fail" ? "error" : "muted"}`, { role: "status" }, test.text()) : null,
    taking === null ? actions(known, busy) : question(taking, busy),
  ];
}

/** @param {Webhook} known */
const where = ({ ours, url }) =>
  ours ? t("webhook.to.here") : url ? h("span", null, t("webhook.to.other"), " ", h("code", { dir: "ltr" }, url)) : t("webhook.to.nobody");

/** @param {Webhook} known @param {boolean} busy */
const actions = ({ ours, url }, busy) =>
  h(
    "div.actions",
    null,
    ours ? button("webhook.test", busy, () => void sendTest()) : null,
    ours ? button("webhook.again", busy, () => void register(false)) : null,
    ours ? button("webhook.restore", busy, () => void restore()) : null,
    !ours && url ? button("webhook.takeOver", busy, () => ask(url)) : null,
    !ours && !url ? button("webhook.register", busy, () => void register(false)) : null,
  );

/** @param {string} url @param {boolean} busy */
const question = (url, busy) =>
  h(
    "div",
    { role: "group", "aria-label": t("webhook.takeOver") },
    h("p", null, t("webhook.takeOver.question"), " ", h("code", { dir: "ltr" }, url)),
    h(
      "div.actions",
      null,
      button("webhook.takeOver.yes", busy, () => void register(true)),
      // Takes the focus from the button that asked, and gives it back: a second press changes nothing.
      button("webhook.takeOver.no", busy, () => ask(null), "webhook.takeOver"),
    ),
  );

/** @param {string} label @param {boolean} busy @param {() => void} run @param {string} [focus] */
const button = (label, busy, run, focus = label) =>
  h("button.small", { type: "button", disabled: busy, "data-focus": focus, onclick: run }, t(label));
