// Language, and everything that Intl writes for it: numbers, money, dates, plurals, countries.

/** @typedef {string | { one: string, other: string }} Phrase */
/** @typedef {"en" | "tr"} Language */

const PREFERENCE = "hunter.language";

/** @type {Record<string, Phrase>} */
let phrases = {};
/** @type {Language} */
let language = "en";
/** @type {Record<string, unknown>} */
let formats = {};

/** The language to begin with: the reader's own choice, else the browser's. */
export function preferredLanguage() {
  const chosen = preference(PREFERENCE);
  if (chosen === "en" || chosen === "tr") return chosen;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("tr")) && !navigator.language.startsWith("en")
    ? "tr"
    : "en";
}

/** @param {Language} wanted */
export async function setLanguage(wanted) {
  const dictionary = wanted === "tr" ? await import("./i18n-tr.js") : await import("./i18n-en.js");
  phrases = dictionary.default;
  language = wanted;
  formats = {};
  document.documentElement.lang = wanted;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.getAttribute("data-t") ?? "");
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.getAttribute("data-t-label") ?? ""));
    if (element.tagName === "BUTTON") element.setAttribute("title", t(element.getAttribute("data-t-label") ?? ""));
  }
  for (const element of document.querySelectorAll("[data-t-placeholder]")) {
    element.setAttribute("placeholder", t(element.getAttribute("data-t-placeholder") ?? ""));
  }
}

/** @param {Language} chosen */
export const rememberLanguage = (chosen) => remember(PREFERENCE, chosen);

export const currentLanguage = () => language;

/**
 * A preference kept in the browser, or null: storage may be forbidden.
 * @param {string} name
 */
export function preference(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/**
 * The phrase of a key. `{name}` takes a parameter; `n` chooses between singular and plural, and numbers are written the language's way.
 * @param {string} key
 * @param {Record<string, string | number>} [parameters]
 */
export function t(key, parameters = {}) {
  const phrase = phrases[key] ?? key;
  const n = Number(parameters["n"] ?? 0);
  const text = typeof phrase === "string" ? phrase : phrase[plural(n)];
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = parameters[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** @param {string} key */
export const has = (key) => key in phrases;

/**
 * The phrase for a value of an open list of the API, or the value itself where the dictionary does not know it.
 * @param {string} group
 * @param {string | null | undefined} value
 */
export const term = (group, value) => (value ? (has(`${group}.${value}`) ? t(`${group}.${value}`) : value) : t("none"));

/**
 * A formatter is costly to make, so each is made once a language.
 * @template Format
 * @param {string} name
 * @param {(locale: string) => Format} make
 * @returns {Format}
 */
function format(name, make) {
  return /** @type {Format} */ ((formats[name] ??= make(language === "tr" ? "tr-TR" : "en-GB")));
}

/** @param {number} n @returns {"one" | "other"} */
function plural(n) {
  return format("plural", (locale) => new Intl.PluralRules(locale)).select(n) === "one" ? "one" : "other";
}

/** @param {number} value */
export const number = (value) =>
  format("number", (locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })).format(value);

/** @param {number} share between 0 and 1 */
export const percent = (share) =>
  format("percent", (locale) => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 })).format(share);

/**
 * An amount in its own currency. An amount without a currency is never given one.
 * @param {number | null | undefined} value
 * @param {string | null | undefined} currency
 * @param {boolean} [compact]
 */
export function money(value, currency, compact = false) {
  if (value === null || value === undefined) return "–";
  if (!currency || !/^[A-Za-z]{3}$/.test(currency)) return [number(value), currency].filter(Boolean).join(" ");
  const options = compact
    ? { notation: /** @type {const} */ ("compact"), maximumSignificantDigits: 3 }
    : Number.isInteger(value)
      ? { maximumFractionDigits: 0 }
      : {};
  return format(`money ${currency} ${compact} ${Number.isInteger(value)}`, (locale) =>
    new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", ...options }),
  ).format(value);
}

/**
 * @param {string | null | undefined} value
 * @param {Intl.DateTimeFormatOptions} options
 * @param {string} name
 */
function written(value, options, name) {
  const time = value ? new Date(value) : null;
  if (!time || Number.isNaN(time.getTime())) return value ?? "–";
  return format(name, (locale) => new Intl.DateTimeFormat(locale, options)).format(time);
}

/** @param {string | null | undefined} value */
export const date = (value) => written(value, { dateStyle: "medium" }, "date");

/** @param {string | null | undefined} value */
export const dateTime = (value) => written(value, { dateStyle: "medium", timeStyle: "short" }, "dateTime");

/** @param {string} month such as "2026-11" @param {boolean} [long] */
export const monthName = (month, long = false) =>
  written(
    `${month}-15T12:00:00Z`,
    long ? { month: "long", year: "numeric", timeZone: "UTC" } : { month: "short", timeZone: "UTC" },
    long ? "monthLong" : "month",
  );

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * "4 minutes ago", "in 6 minutes"; within a minute "just now".
 * @param {string | null | undefined} value
 * @param {"auto" | "always"} [numeric] auto says "yesterday" for "1 day ago"
 */
export function relative(value, numeric = "auto") {
  const time = value ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) return value ?? "–";
  const seconds = (time - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  if (!unit || !size) return t(seconds > 0 ? "time.soon" : "time.now");
  return format(`relative ${numeric}`, (locale) => new Intl.RelativeTimeFormat(locale, { numeric })).format(
    Math.trunc(seconds / size),
    unit,
  );
}

/** @param {number} hours */
export function duration(hours) {
  const [value, unit] = hours >= 48 ? [hours / 24, "day"] : hours >= 1 ? [hours, "hour"] : [hours * 60, "minute"];
  return format(`duration ${unit}`, (locale) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: String(unit), unitDisplay: "long", maximumFractionDigits: 1 }),
  ).format(Number(value));
}

/**
 * @param {string | null | undefined} code two letters
 */
export function country(code) {
  if (!code) return "–";
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  return format("country", (locale) => new Intl.DisplayNames(locale, { type: "region" })).of(code.toUpperCase()) ?? code;
}

/** @param {string[]} items */
export const listing = (items) =>
  format("list", (locale) => new Intl.ListFormat(locale, { type: "conjunction" })).format(items);

/** For sorting what people read. @param {string} a @param {string} b */
export const collate = (a, b) => format("collator", (locale) => new Intl.Collator(locale)).compare(a, b);
