// The fields of a referral and their values, as the plan and the differences name them.

/** @import { CrmLink } from "../../core/contract.ts" */

import { country, date, isDate, dateTime, number } from "../../core/format.js";
import { has, t, term } from "../../core/i18n.js";
import { advised } from "../../parts/problems.js";
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

/** What went wrong and what to do, in the reader's language where nothing particular is in it. @param {NonNullable<CrmLink["error"]>} error */
export const errorText = ({ code, message }) => (has(`crm.error.${code}`) ? t(`crm.error.${code}`) : (advised(code) ?? message));
