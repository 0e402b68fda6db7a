// What can be done with a referral, under its title: the buttons, the form in place, and what became of the last action.

/** @import { Action, Ask, ReferralDetail } from "../../core/contract.ts" */
/** @import { Kind } from "./words.js" */

import { Problem } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { problemText } from "../../parts/problems.js";
import { act } from "./calls.js";
import { conflictBox } from "./conflict.js";
import { KNOWN, actionForm } from "./form.js";
import { ended, follow, hurry, say } from "./track.js";
import { KINDS, faultText, named, stateBadge } from "./words.js";

/** What may not be done says why. @param {{ code: string, message: string }} obstacle */
export const why = ({ code, message }) => (KNOWN.has(code) ? t(`why.${code}`) : message);

/** @param {ReferralDetail} referral */
const seenOf = ({ status, substatus, dealValue, currency, closingDateTime, notes, salesStage, campaignId, externalReferenceId }) => ({
  status, substatus, dealValue, currency, closingDateTime, notes, salesStage, campaignId, externalReferenceId,
});

/** Conflicts that the reader has dealt with. @type {Set<string>} */
const settled = new Set();

/** @param {ReferralDetail} referral */
export function actionBar(referral) {
  if (!referral.can) return null;
  const place = h("div.act", { "data-keep": `act-${referral.id}` });
  paint(place, referral);
  return place;
}

/** @param {HTMLElement} place @param {ReferralDetail} referral */
function paint(place, referral) {
  delete place.dataset["busy"];
  const reason = h("p.sub", { role: "status", "data-why": true });
  const { can } = referral;
  // A win lacks nothing but its value, and the form asks for that.
  const isOpen = (/** @type {Kind} */ kind) => can[kind] === null || (kind === "win" && can[kind]?.code === "value_required");
  const first = KINDS.find(isOpen);
  const buttons = KINDS.map((kind) => {
    const obstacle = can[kind];
    const open = isOpen(kind);
    const primary = kind === first;
    return h(
      primary ? "button.primary" : "button",
      {
        type: "button",
        "data-act": kind,
        "data-focus": `act-${kind}`,
        "aria-disabled": open ? null : "true",
        title: open ? null : why(/** @type {{ code: string, message: string }} */ (obstacle)),
        onclick: () => (open ? openForm(place, referral, kind) : (reason.textContent = obstacle ? why(obstacle) : "")),
      },
      t(`act.${kind}`),
    );
  });
  const obstacles = KINDS.map((kind) => can[kind]).filter((each) => each !== null);
  if (obstacles.length === KINDS.length && obstacles[0]) reason.textContent = why(obstacles[0]);
  show(place, h("div.act-buttons", { role: "group", "aria-label": t("act.title") }, buttons), reason, became(place, referral));
}

/** @param {HTMLElement} place @param {ReferralDetail} referral @param {Kind} kind */
function openForm(place, referral, kind) {
  const back = () => {
    paint(place, referral);
    const button = place.querySelector(`[data-act="${kind}"]`);
    if (button instanceof HTMLElement) button.focus();
  };
  const { form, focus } = actionForm(kind, referral, {
    seen: seenOf(referral),
    cancel: back,
    send: (ask) => send(place, referral, ask),
  });
  place.dataset["busy"] = "";
  show(place, h("h3", null, t(`act.${kind}`)), form);
  focus();
}

/**
 * Sends what was asked for, and shows what came of it. What the form can mend is thrown back to it.
 * @param {HTMLElement} place
 * @param {ReferralDetail} referral
 * @param {Ask} ask
 */
async function send(place, referral, ask) {
  try {
    const { action } = await act(referral.id, ask);
    if (ended(action)) say(action);
    else follow(action);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const about = /** @type {Action | undefined} */ (error.body["action"]);
    if (error.code === "action_conflict" && about) {
      showConflict(place, referral, about);
      return;
    }
    if (error.body["reasons"]) throw Object.assign(new Error(error.code), { reasons: error.body["reasons"] });
    throw new Error(problemText(error));
  }
  delete place.dataset["busy"];
  const title = document.querySelector("#sheet-title");
  if (title instanceof HTMLElement) title.focus({ preventScroll: true });
  refresh();
}

/** @param {HTMLElement} place @param {ReferralDetail} referral @param {Action} action */
function showConflict(place, referral, action) {
  place.dataset["busy"] = "";
  show(place, conflict(place, referral, action));
}

/** @param {HTMLElement} place @param {ReferralDetail} referral @param {Action} action */
const conflict = (place, referral, action) =>
  conflictBox(action, {
    theirs: () => {
      settled.add(action.id);
      paint(place, referral);
      refresh();
    },
    mine: async (ask) => {
      settled.add(action.id);
      try {
        await send(place, referral, ask);
      } catch (error) {
        show(place, h("p.error", { role: "alert" }, error instanceof Error ? error.message : t("error.unknown")));
        refresh();
      }
    },
  });

/** What became of the last action, as long as it matters. @param {HTMLElement} place @param {ReferralDetail} referral */
function became(place, referral) {
  const last = referral.actions[0];
  if (!last || settled.has(last.id)) return null;
  if (last.state === "conflict" && may("write")) return conflict(place, referral, last);
  if (["applied", "cancelled", "conflict"].includes(last.state)) return null;
  return h(
    "div.became",
    { role: "status" },
    stateBadge(last),
    h("span.grow", null, `${named(last)}: ${t(`act.hint.${last.state}`)}`, last.error ? h("span.sub", null, ` ${faultText(last)}`) : null),
    last.state === "failed" && may("write")
      ? h("button.small", { type: "button", "data-focus": "act-retry", onclick: () => hurry(last, "retry") }, t("act.retry"))
      : null,
  );
}
