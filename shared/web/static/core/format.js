// Numbers, money, dates and names as the language writes them.

import { format } from "./language.js";

const NOTHING = "–";
/** Signs that several currencies share: "$" alone may be American, Canadian or Australian. */
const SHARED_SIGNS = new Set(["$", "¥", "£", "₩", "₱", "₨"]);
const MIDNIGHT = /^\d{4}-\d{2}-\d{2}(T00:00(:00(\.0+)?)?(Z|\+00:00)?)?$/;

/** @param {number} value */
export const number = (value) =>
  format("number", (locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })).format(value);

/** @param {number} share between 0 and 1 */
export const percent = (share) =>
  format("percent", (locale) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 })).format(share);

/** @param {number} n @returns {"one" | "other"} */
export const plural = (n) =>
  format("plural", (locale) => new Intl.PluralRules(locale)).select(n) === "one" ? "one" : "other";

/** Whether a code is a currency that exists. @param {string | null | undefined} code */
export const isCurrency = (code) =>
  Boolean(code) && format("currencies", () => new Set(Intl.supportedValuesOf("currency"))).has(String(code));

/**
 * How a currency is shown: its sign where no other currency has the same, else what the language tells it apart by ("US$", "CAD").
 * @param {string} currency
 * @returns {"narrowSymbol" | "symbol"}
 */
const display = (currency) =>
  format(`display ${currency}`, (locale) => {
    const parts = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0);
    const sign = parts.find(({ type }) => type === "currency")?.value ?? "";
    return { how: /^\p{Sc}$/u.test(sign) && !SHARED_SIGNS.has(sign) ? /** @type {const} */ ("narrowSymbol") : /** @type {const} */ ("symbol") };
  }).how;

/**
 * An amount in its own currency. An amount without a currency is never given one.
 * @param {number | null | undefined} value
 * @param {string | null | undefined} currency
 * @param {boolean} [compact]
 */
export function money(value, currency, compact = false) {
  if (value === null || value === undefined) return NOTHING;
  if (!currency || !isCurrency(currency)) return [compact ? compactNumber(value) : number(value), currency].filter(Boolean).join(" ");
  const whole = Number.isInteger(value);
  const options = compact
    ? { notation: /** @type {const} */ ("compact"), compactDisplay: /** @type {const} */ ("short"), maximumSignificantDigits: 3 }
    : whole
      ? { maximumFractionDigits: 0 }
      : {};
  return format(`money ${currency} ${compact} ${whole}`, (locale) =>
    new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: display(currency), ...options }),
  ).format(value);
}

/** @param {number} value */
const compactNumber = (value) =>
  format("compact", (locale) => new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 })).format(value);

/**
 * Whether a time is a date: Partner Center and people write dates as midnight UTC, and such a day is the same day everywhere.
 * @param {string | null | undefined} value
 */
export const isDate = (value) => Boolean(value) && MIDNIGHT.test(String(value));

/**
 * @param {string | null | undefined} value
 * @param {Intl.DateTimeFormatOptions} options
 * @param {string} name
 */
function written(value, options, name) {
  const time = value ? new Date(value) : null;
  if (!time || Number.isNaN(time.getTime())) return value ?? NOTHING;
  return format(name, (locale) => new Intl.DateTimeFormat(locale, options)).format(time);
}

/** @param {string | null | undefined} value */
export const date = (value) =>
  isDate(value) ? written(value, { dateStyle: "medium", timeZone: "UTC" }, "dateUTC") : written(value, { dateStyle: "medium" }, "date");

/** With the time of day, where it has one. @param {string | null | undefined} value */
export const dateTime = (value) =>
  isDate(value) ? date(value) : written(value, { dateStyle: "medium", timeStyle: "short" }, "dateTime");

/** @param {string} month such as "2026-11" @param {boolean} [long] */
export const monthName = (month, long = false) =>
  written(
    `${month}-15T12:00:00Z`,
    long ? { month: "long", year: "numeric", timeZone: "UTC" } : { month: "short", timeZone: "UTC" },
    long ? "monthLong" : "month",
  );

/** @param {number} hours */
export function duration(hours) {
  const [value, unit] = hours >= 48 ? [hours / 24, "day"] : hours >= 1 ? [hours, "hour"] : [hours * 60, "minute"];
  return format(`duration ${unit}`, (locale) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: String(unit), unitDisplay: "long", maximumFractionDigits: 1 }),
  ).format(Number(value));
}

/** The name of a country, or what stands there instead. @param {string | null | undefined} code two letters */
export function country(code) {
  if (!code) return NOTHING;
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  return format("country", (locale) => new Intl.DisplayNames(locale, { type: "region" })).of(code.toUpperCase()) ?? code;
}

/** @param {string[]} items */
export const listing = (items) =>
  format("list", (locale) => new Intl.ListFormat(locale, { type: "conjunction" })).format(items);

/** For sorting what people read. @param {string} a @param {string} b */
export const collate = (a, b) => format("collator", (locale) => new Intl.Collator(locale)).compare(a, b);

/** Without case, accents and the difference of the Turkish i's: "BILIŞIM" and "Bilişim" are the same. @param {string} text */
export const fold = (text) => text.replace(/[İIı]/g, "i").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
