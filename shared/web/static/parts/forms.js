// Parts of forms: a label with its control, a hint and a message when what was typed does not fit. Amounts and dates are typed in the
// reader's language, and the hint says what was understood.

import { h } from "../core/dom.js";
import { money } from "../core/format.js";
import { t } from "../core/i18n.js";
import { readNumber, typedNumber } from "../core/numbers.js";

let count = 0;

/**
 * @template Value
 * @typedef {object} Field
 * @property {HTMLElement} element the label with all that belongs to it
 * @property {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
 * @property {() => Value} value
 * @property {(message: string | null) => void} complain shows what is wrong, or takes it away
 * @property {() => boolean} check whether it fits; complains where it doesn't
 */

/** @typedef {{ required?: boolean, hint?: string, wide?: boolean }} Options */

/**
 * @template Value
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
 * @param {() => Value} value
 * @param {(value: Value) => string | null} fits what is wrong with a value, or null
 * @param {Options} options
 * @returns {Field<Value>}
 */
function field(label, control, value, fits, { required, hint, wide }) {
  const id = `field-${++count}`;
  const message = h("span.field-error", { id: `${id}-error`, role: "alert" });
  const help = h("span.field-hint", { id: `${id}-hint` }, hint ?? "");
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  if (required) control.required = true;
  /** @param {string | null} text */
  const complain = (text) => {
    message.textContent = text ?? "";
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  const check = () => {
    const missing = required && control.value.trim() === "";
    complain(missing ? t("form.required") : fits(value()));
    return !control.hasAttribute("aria-invalid");
  };
  control.addEventListener("input", () => complain(null));
  control.addEventListener("change", check);
  return {
    element: h(wide ? "div.field.wide" : "div.field", null, h("label", { for: id }, label), control, help, message),
    control,
    value,
    complain,
    check,
  };
}

/** @param {Record<string, unknown>} attributes */
const input = (attributes) => /** @type {HTMLInputElement} */ (h("input", { autocomplete: "off", ...attributes }));

/**
 * @param {string} label
 * @param {{ name?: string, value?: string | null, maxlength?: number, type?: "text" | "email" | "search" | "tel" | "time", placeholder?: string,
 *   fits?: (value: string) => string | null } & Options} [options]
 * @returns {Field<string>}
 */
export function textField(label, { name, value, maxlength = 200, type = "text", placeholder, fits = () => null, ...options } = {}) {
  const control = input({ name, type, value, maxlength, placeholder });
  return field(label, control, () => control.value.trim(), fits, options);
}

/**
 * @param {string} label
 * @param {{ name?: string, value?: string | null, maxlength?: number, rows?: number, fits?: (value: string) => string | null } & Options} [options]
 * @returns {Field<string>}
 */
export function textArea(label, { name, value, maxlength = 4000, rows = 4, fits = () => null, ...options } = {}) {
  const control = /** @type {HTMLTextAreaElement} */ (h("textarea", { name, maxlength, rows }));
  control.value = value ?? "";
  return field(label, control, () => control.value.trim(), fits, { wide: true, ...options });
}

/**
 * @param {string} label
 * @param {{ value: string, label: string }[]} choices
 * @param {{ name?: string, value?: string | null } & Options} [options]
 * @returns {Field<string>}
 */
export function selectField(label, choices, { name, value, ...options } = {}) {
  const control = /** @type {HTMLSelectElement} */ (
    h("select", { name }, choices.map((choice) => h("option", { value: choice.value, selected: choice.value === value }, choice.label)))
  );
  return field(label, control, () => control.value, () => null, options);
}

/**
 * A date, by the browser's own picker, which writes it the reader's way. Its value is as the API takes it: 2026-11-27.
 * @param {string} label
 * @param {{ name?: string, value?: string | null } & Options} [options] value: a date or a time; of a time its day in UTC counts
 * @returns {Field<string | null>}
 */
export function dateField(label, { name, value, ...options } = {}) {
  const control = input({ name, type: "date", value: value?.slice(0, 10), min: "1990-01-01", max: "2100-12-31" });
  const fits = () => (control.validity.badInput || control.validity.rangeOverflow || control.validity.rangeUnderflow ? t("form.date") : null);
  return field(label, control, () => control.value || null, fits, options);
}

/**
 * An amount as people type it in their language. Under it stands what was understood.
 * @param {string} label
 * @param {{ name?: string, value?: number | null, currency?: () => string | null, least?: number } & Options} [options]
 * @returns {Field<number | null>} the value is null where nothing, or nothing readable, was typed
 */
export function moneyField(label, { name, value, currency = () => null, least = 0, ...options } = {}) {
  const control = input({ name, type: "text", inputmode: "decimal", value: value === null || value === undefined ? "" : typedNumber(value) });
  const read = () => (control.value.trim() ? readNumber(control.value) : null);
  /** @param {number | null} amount */
  const fits = (amount) =>
    control.value.trim() && amount === null ? t("form.number") : amount !== null && amount < least ? t("form.least", { n: least }) : null;
  const made = field(label, control, read, fits, options);
  const understood = /** @type {HTMLElement} */ (made.element.querySelector(".field-hint"));
  const say = () => {
    const amount = read();
    understood.textContent = amount === null ? (options.hint ?? "") : `= ${money(amount, currency())}`;
  };
  control.addEventListener("input", say);
  control.addEventListener("understand", say);
  say();
  return made;
}

/**
 * Whether all fields fit. The first that doesn't gets focus.
 * @param {Field<any>[]} fields
 */
export function checkAll(fields) {
  const wrong = fields.filter((each) => !each.check());
  wrong[0]?.control.focus();
  return wrong.length === 0;
}
