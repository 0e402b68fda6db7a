// The fields of a referral and their values, as the plan and the differences name them.

import { Problem } from "../../core/api.js";
import { country, date, isDate, dateTime, number } from "../../core/format.js";
import { has, t, term } from "../../core/i18n.js";
import { advised, problemText } from "../../parts/problems.js";
import { stageName } from "../../parts/stages.js";

/** @param {string} field */
export const fieldName = (field) => t(`crm.field.${field}`);

/** @param {string} field @param {unknown} value */
export function fieldValue(field, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (field === "status" || field === "substatus" || field === "category") return term(field, String(value));
  if (field === "salesStage") return stageName(String(value));
  if (field === "country") return country(String(value));
  if (field === "closingDateTime") return isDate(String(value)) ? date(String(value)) : dateTime(String(value));
  return typeof value === "number" ? number(value) : String(value);
}

/** @typedef {{ code: string, message: string, phrase?: string, details?: Record<string, string> }} Said */

/** What a sentence says where the answer did not name it. */
const unnamed = () => ({
  column: t("crm.some.column"), most: t("crm.some.most"), privilege: t("crm.some.privilege"), entity: t("crm.some.entity"), text: "",
});

/** What went wrong and what to do, in the reader's language; in the server's words where no dictionary has it. @param {Said} error */
export function errorText({ code, message, phrase, details }) {
  const [kind, variant] = (phrase ?? code).split(".");
  const named = { ...unnamed(), ...details };
  if (variant && has(`crm.error.${kind}.${variant}`)) return t(`crm.error.${kind}.${variant}`, named);
  return has(`crm.error.${kind}`) ? t(`crm.error.${kind}`, named) : (advised(code) ?? message);
}

/** The same of an answer that says that it could not be done. @param {unknown} error */
export function refusedText(error) {
  const phrase = error instanceof Problem && error.body["phrase"];
  return phrase ? errorText(/** @type {Said} */ ({ ...error.body, message: error.detail ?? "" })) : problemText(error);
}
