// Phrases. Each room of the page has a dictionary of its own in i18n/en and i18n/tr; what is used is loaded and merged.

import { number, plural } from "./format.js";
import { currentLanguage, format, useLanguage } from "./language.js";

/** @typedef {string | { one: string, other: string }} Phrase */
/** @typedef {import("./language.js").Language} Language */
/** @typedef {Record<string, string | number>} Parameters */

/** The dictionaries in use, in both languages once they have been asked for. @type {Set<string>} */
const rooms = new Set();
/** @type {Map<string, Record<string, Phrase>>} */
const loaded = new Map();
/** @type {Record<string, Phrase>} */
let phrases = {};

/** @param {Language} language @param {string} room */
async function load(language, room) {
  const name = `${language}/${room}`;
  if (!loaded.has(name)) loaded.set(name, /** @type {{ default: Record<string, Phrase> }} */ (await import(`../i18n/${name}.js`)).default);
}

/**
 * Names the rooms that are needed from the first, before a language is set.
 * @param {...string} wanted
 */
export const needPhrases = (...wanted) => wanted.forEach((room) => rooms.add(room));

/**
 * Makes the phrases of rooms known. A phrase may be asked for only after the room's dictionary is there.
 * @param {...string} wanted names of files in i18n/en and i18n/tr
 */
export async function usePhrases(...wanted) {
  const missing = wanted.filter((room) => !rooms.has(room) || !loaded.has(`${currentLanguage()}/${room}`));
  if (missing.length === 0) return;
  for (const room of missing) rooms.add(room);
  await Promise.all(missing.map((room) => load(currentLanguage(), room)));
  merge();
}

function merge() {
  phrases = Object.assign({}, ...[...rooms].map((room) => loaded.get(`${currentLanguage()}/${room}`) ?? {}));
}

/** Shows another language; whoever shows something shows it anew afterwards. @param {Language} wanted */
export async function setLanguage(wanted) {
  await Promise.all([...rooms].map((room) => load(wanted, room)));
  useLanguage(wanted);
  merge();
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.getAttribute("data-t") ?? "");
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.getAttribute("data-t-label") ?? ""));
    if (element.tagName === "BUTTON") element.setAttribute("title", t(element.getAttribute("data-t-label") ?? ""));
  }
}

/**
 * The phrase of a key. `{name}` takes a parameter; `n` chooses between singular and plural, and numbers are written the language's way.
 * @param {string} key
 * @param {Parameters} [parameters]
 */
export function t(key, parameters = {}) {
  const phrase = phrases[key] ?? unknown(key);
  const text = typeof phrase === "string" ? phrase : phrase[plural(Number(parameters["n"] ?? 0))];
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = parameters[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** A mistake in the page itself: it is reported, the key is shown, and everything else works. @param {string} key */
function unknown(key) {
  reportError(new Error(`No dictionary in use has the phrase ${key}`));
  return key;
}

/** @param {string} key */
export const has = (key) => key in phrases;

/**
 * The phrase for a value of an open list of the API, or the value itself where the dictionary does not know it.
 * @param {string} group
 * @param {string | null | undefined} value
 */
export const term = (group, value) => (value ? (has(`${group}.${value}`) ? t(`${group}.${value}`) : value) : t("none"));

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
