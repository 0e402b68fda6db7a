// Actions in words.

/** @import { Action } from "../../core/contract.ts" */

import { date, dateTime, isDate, money, number } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { badge } from "../../parts/badges.js";
import { advised, sentence } from "../../parts/problems.js";

/** @typedef {"accept" | "decline" | "win" | "lose" | "update"} Kind */

/** In the order in which they are offered. @type {Kind[]} */
export const KINDS = ["accept", "decline", "win", "lose", "update"];
export const REASONS = ["budget", "noResponse", "otherVendor", "requirementNotMet", "notACustomer", "timeline", "spam", "other"];

/** @param {Pick<Action, "action">} action */
export const named = ({ action }) => t(`act.${action}`);

/** @type {Record<string, string>} */
const TONES = {
  waiting: "amber",
  sending: "blue",
  unconfirmed: "amber",
  applied: "green",
  refused: "grey",
  conflict: "orange",
  failed: "red",
  cancelled: "grey",
};

/** @param {Action} action */
export const stateBadge = (action) =>
  badge(t(action.alreadyDone ? "act.state.already" : `act.state.${action.state}`), TONES[action.state] ?? "grey", t(`act.hint.${action.state}`));

/** What passes by itself; the advice for these speaks of the sync, which goes on without anybody. */
const PASSING = new Set(["partner_center_unavailable", "partner_center_throttled", "partner_center_invalid_response", "sign_in_unavailable"]);

/** What the code means and, of what failed, what finds it in the logs. The server speaks English and knows more than its code. @param {Action} action */
export function faultText({ state, error }) {
  if (!error) return null;
  const { code, message, correlationId } = error;
  const english = currentLanguage() === "en";
  const advice = english || PASSING.has(code) ? null : advised(code);
  const known = advice ?? (english ? null : sentence(code));
  // What to do may be to hand the code on.
  return [known ?? message, (advice || state === "failed") && correlationId ? t("error.correlation", { id: correlationId }) : ""].filter(Boolean).join(" ");
}

/** A value of a field as the reader writes it. @param {string} field @param {unknown} value */
export function shownValue(field, value) {
  if (value === null || value === undefined || value === "") return t("none");
  if (field === "status" || field === "substatus") return term(field, String(value));
  if (field === "dealValue" && typeof value === "number") return number(value);
  if (field === "closingDateTime") return isDate(String(value)) ? date(String(value)) : dateTime(String(value));
  return String(value);
}

/** What was wanted besides the status, in a line. @param {Action} action */
export function wanted({ changes, reason }) {
  const parts = [];
  if (reason) parts.push(t(`reason.${reason}`));
  const { dealValue, currency, ...others } = changes;
  if (dealValue !== undefined || currency !== undefined) {
    parts.push(typeof dealValue === "number" ? money(dealValue, typeof currency === "string" ? currency : null) : String(currency));
  }
  for (const [field, value] of Object.entries(others)) {
    parts.push(`${t(`act.field.${field}`)}: ${Array.isArray(value) ? value.map((each) => (typeof each === "string" ? each : each.email)).join(", ") : shownValue(field, value)}`);
  }
  return parts.join(" · ");
}
