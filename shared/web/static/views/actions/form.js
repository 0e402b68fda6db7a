// The form of an action, in place: what it asks for, checked before it is sent, typed in the reader's language.

/** @import { Ask, ReferralDetail } from "../../core/contract.ts" */
/** @import { Field } from "../../parts/forms.js" */
/** @import { Kind } from "./words.js" */

import { h } from "../../core/dom.js";
import { isCurrency } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { checkAll, dateField, moneyField, selectField, textArea, textField } from "../../parts/forms.js";
import { stageName } from "../../parts/stages.js";
import { REASONS } from "./words.js";

const MAIN = ["EUR", "USD", "TRY", "GBP"];
const STAGES = ["20", "40", "60", "80"];
const EARLY_MS = 72 * 3_600_000;

/** @typedef {Record<string, Field<any>>} Fields */
/** @typedef {Pick<ReferralDetail, "dealValue" | "currency" | "closingDateTime" | "salesStage" | "campaignId" | "externalReferenceId" | "notes" | "team" | "createdDateTime">} Subject */

/** @param {Subject} referral @param {boolean} required */
function money({ dealValue, currency }, required) {
  const codes = [...new Set([...(currency ? [currency] : []), ...MAIN, ...Intl.supportedValuesOf("currency")])].filter(isCurrency);
  const unit = selectField(t("act.field.currency"), codes.map((code) => ({ value: code, label: code })), { name: "currency", value: currency ?? "EUR" });
  const value = moneyField(t("act.field.dealValue"), {
    name: "dealValue",
    value: dealValue,
    currency: () => unit.value(),
    required,
    least: required ? 0.01 : 0,
  });
  unit.control.addEventListener("change", () => value.control.dispatchEvent(new Event("understand")));
  return { dealValue: value, currency: unit };
}

/** @param {Subject} referral @returns {Fields} */
const dates = ({ closingDateTime }) => ({
  closingDateTime: dateField(t("act.field.closingDateTime"), { name: "closingDateTime", value: closingDateTime }),
});

/** @returns {Fields} */
const reason = () => ({
  reason: selectField(
    t("act.field.reason"),
    [{ value: "", label: t("reason.choose") }, ...REASONS.map((code) => ({ value: code, label: t(`reason.${code}`) }))],
    { name: "reason", required: true },
  ),
});

/** @returns {Fields} */
const remark = () => ({ remark: textArea(t("act.field.remark"), { name: "remark", maxlength: 2000, rows: 2, hint: t("act.remark.hint") }) });

/** @param {Subject} referral @returns {Fields} */
function everything(referral) {
  const stages = [...new Set([referral.salesStage ?? "", "", ...STAGES])];
  const mail = (/** @type {string} */ text) => (text && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? t("act.mail") : null);
  return {
    ...money(referral, false),
    ...dates(referral),
    salesStage: selectField(t("act.field.salesStage"), stages.map((value) => ({ value, label: stageName(value) })), { name: "salesStage", value: referral.salesStage ?? "" }),
    campaignId: textField(t("act.field.campaignId"), { name: "campaignId", value: referral.campaignId, maxlength: 255 }),
    externalReferenceId: textField(t("act.field.externalReferenceId"), { name: "externalReferenceId", value: referral.externalReferenceId, maxlength: 255 }),
    notes: textArea(t("act.field.notes"), { name: "notes", value: referral.notes, maxlength: 5000, rows: 4 }),
    addTeam: textField(t("act.field.addTeam"), { name: "addTeam", type: "email", maxlength: 255, fits: mail }),
    removeTeam: selectField(
      t("act.field.removeTeam"),
      [{ value: "", label: t("act.nobody") }, ...referral.team.filter(({ email }) => email).map(({ email }) => ({ value: email ?? "", label: email ?? "" }))],
      { name: "removeTeam" },
    ),
  };
}

/** @param {Kind} kind @param {Subject} referral @returns {Fields} */
function fieldsOf(kind, referral) {
  if (kind === "decline" || kind === "lose") return { ...reason(), ...remark() };
  if (kind === "accept") return { ...money(referral, false), ...dates(referral), ...remark() };
  if (kind === "win") return { ...money(referral, true), ...remark() };
  return { ...everything(referral), ...remark() };
}

/**
 * What of the fields is another value than the referral has.
 * @param {Fields} fields
 * @param {Subject} referral
 */
function changesOf(fields, referral) {
  /** @type {Record<string, unknown>} */
  const changes = {};
  const value = fields["dealValue"]?.value();
  const unit = fields["currency"]?.value();
  if (value !== undefined && value !== null && (value !== referral.dealValue || unit !== referral.currency)) Object.assign(changes, { dealValue: value, currency: unit });
  const closing = fields["closingDateTime"]?.value();
  if (closing && closing !== referral.closingDateTime?.slice(0, 10)) changes["closingDateTime"] = closing;
  for (const name of /** @type {const} */ (["salesStage", "campaignId", "externalReferenceId", "notes"])) {
    const text = fields[name]?.value();
    if (text !== undefined && text !== (referral[name] ?? "").trim()) changes[name] = text || null;
  }
  if (fields["addTeam"]?.value()) changes["addTeam"] = [{ email: fields["addTeam"].value() }];
  if (fields["removeTeam"]?.value()) changes["removeTeam"] = [fields["removeTeam"].value()];
  return changes;
}

/**
 * @param {Kind} kind
 * @param {Subject} referral what it looks like to the reader
 * @param {{ send: (ask: Ask) => Promise<void>, cancel: () => void, seen?: Record<string, unknown>, many?: number }} then
 */
export function actionForm(kind, referral, { send, cancel, seen, many = 0 }) {
  const fields = fieldsOf(kind, referral);
  const wrong = h("p.error", { role: "alert" });
  const submit = /** @type {HTMLButtonElement} */ (h("button.primary", { type: "submit", "data-focus": "act-submit" }, t(`act.do.${kind}`)));
  const form = h(
    "form.act-form",
    {
      novalidate: true,
      "aria-label": t(`act.${kind}`),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          cancel();
        } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          /** @type {HTMLFormElement} */ (form).requestSubmit();
        }
      },
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        wrong.textContent = "";
        if (submit.disabled || !checkAll(Object.values(fields))) return;
        const changes = kind === "decline" || kind === "lose" ? {} : changesOf(fields, referral);
        const line = fields["remark"]?.value() || null;
        if (kind === "update" && Object.keys(changes).length === 0 && !line) {
          wrong.textContent = t("act.nothing");
          return;
        }
        submit.disabled = true;
        submit.textContent = t("act.sending");
        try {
          await send({
            action: kind,
            ...(Object.keys(changes).length ? { changes } : {}),
            reason: fields["reason"]?.value() || null,
            remark: line,
            ...(seen ? { seen } : {}),
          });
        } catch (error) {
          wrong.textContent = complain(fields, error);
        } finally {
          submit.disabled = false;
          submit.textContent = t(`act.do.${kind}`);
        }
      },
    },
    kind === "decline" ? h("p.sub", null, t("act.decline.hint")) : null,
    kind === "win" && !many && Date.now() - Date.parse(referral.createdDateTime ?? "") < EARLY_MS ? h("p.sub", null, t("act.win.early")) : null,
    h("div.act-fields", null, Object.values(fields).map(({ element }) => element)),
    wrong,
    h("div.actions", null, submit, h("button", { type: "button", onclick: cancel }, t("cancel"))),
  );
  return { form, focus: () => Object.values(fields)[0]?.control.focus() };
}

/** What the server found wrong, at the fields where it belongs; the rest is returned. @param {Fields} fields @param {unknown} error */
function complain(fields, error) {
  if (!(error instanceof Error) || !("reasons" in error)) return error instanceof Error ? error.message : t("error.unknown");
  const rest = [];
  for (const { field, code, message } of /** @type {{ field: string, code: string, message: string }[]} */ (error.reasons)) {
    const text = sentenceOf(code, message);
    if (fields[field]) fields[field].complain(text);
    else rest.push(text);
  }
  return rest.join(" ");
}

/** @param {string} code @param {string} message */
const sentenceOf = (code, message) => (KNOWN.has(code) ? t(`why.${code}`) : message);

/** Codes of the server that the dictionary knows. */
export const KNOWN = new Set([
  "closed", "already_accepted", "not_accepted", "no_answer_needed", "value_required", "required", "too_long", "negative",
  "forbidden", "writing_disabled", "action_in_progress",
]);
