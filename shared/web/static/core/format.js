// Numbers, money, dates and names as the language writes them.

import { currentLanguage, format } from "./language.js";

const NOTHING = "–";
/** Signs that several currencies share: "$" alone may be American, Canadian or Australian. */
const SHARED_SIGNS = new Set(["$", "¥", "£", "₩", "₱", "₨"]);
const DAY_MS = 86_400_000;
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
  // "939 B" would read as billions in Turkish: there the word stands, "939 bin ₺".
  if (compact && currentLanguage() === "tr") return `${compactNumber(value)} ${signOf(currency)}`;
  const whole = Number.isInteger(value);
  const options = compact
    ? { notation: /** @type {const} */ ("compact"), maximumSignificantDigits: 3 }
    : whole
      ? { maximumFractionDigits: 0 }
      : {};
  return format(`money ${currency} ${compact} ${whole}`, (locale) =>
    new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: display(currency), ...options }),
  ).format(value);
}

/** @param {number} value */
const compactNumber = (value) =>
  format("compact", (locale) => {
    const compactDisplay = currentLanguage() === "tr" ? /** @type {const} */ ("long") : /** @type {const} */ ("short");
    return new Intl.NumberFormat(locale, { notation: "compact", compactDisplay, maximumSignificantDigits: 3 });
  }).format(value);

/** The sign or code by which a currency is told from all others. @param {string} currency */
export const signOf = (currency) =>
  format(`sign ${currency}`, (locale) => {
    const parts = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: display(currency) }).formatToParts(0);
    return { sign: parts.find(({ type }) => type === "currency")?.value ?? currency };
  }).sign;

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

/** The day that a time falls on for the reader, counted from 1970; of a date that day. @param {string | number} time */
export function dayNumber(time) {
  if (typeof time === "string" && isDate(time)) return Math.floor(Date.parse(`${time.slice(0, 10)}T00:00:00Z`) / DAY_MS);
  const local = new Date(time);
  return Math.floor(Date.UTC(local.getFullYear(), local.getMonth(), local.getDate()) / DAY_MS);
}

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

/** The name of a country, or what stands there instead. @param {string | null | undefined} code two letters, or a name */
export function country(code) {
  if (!code) return NOTHING;
  const known = /^[A-Za-z]{2}$/.test(code) ? code : countriesByName().get(fold(code));
  if (!known) return code;
  return format("country", (locale) => new Intl.DisplayNames(locale, { type: "region" })).of(known.toUpperCase()) ?? code;
}

/** Codes by the names that countries have in our languages: "TÜRKIYE" is the same as "TR". @type {Map<string, string> | null} */
let countryNames = null;

function countriesByName() {
  if (countryNames) return countryNames;
  countryNames = new Map();
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (const language of ["en", "tr"]) {
    const names = new Intl.DisplayNames(language, { type: "region", fallback: "none" });
    for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
      const name = names.of(code);
      if (name && !countryNames.has(fold(name))) countryNames.set(fold(name), code);
    }
  }
  for (const [name, code] of [["turkey", "TR"], ["usa", "US"], ["uk", "GB"]]) countryNames.set(String(name), String(code));
  return countryNames;
}

/** @param {string[]} items */
export const listing = (items) =>
  format("list", (locale) => new Intl.ListFormat(locale, { type: "conjunction" })).format(items);

/** For sorting what people read. @param {string} a @param {string} b */
export const collate = (a, b) => format("collator", (locale) => new Intl.Collator(locale)).compare(a, b);

/** Without case, accents and the difference of the Turkish i's: "BILIŞIM" and "Bilişim" are the same. @param {string} text */
export const fold = (text) => text.replace(/[İIı]/g, "i").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
