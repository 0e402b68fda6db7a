// Which language is shown, and the formatters of Intl, each made once a language because making one is costly.

import { preference, remember } from "./preferences.js";

/** @typedef {"en" | "tr"} Language */

const LOCALES = { en: "en-GB", tr: "tr-TR" };

/** @type {Language} */
let language = "en";
/** @type {Record<string, unknown>} */
let formats = {};

export const currentLanguage = () => language;
export const locale = () => LOCALES[language];

/** @param {Language} wanted */
export function useLanguage(wanted) {
  language = wanted;
  formats = {};
  document.documentElement.lang = wanted;
}

/** The language to begin with: the reader's own choice, else the browser's. @returns {Language} */
export function preferredLanguage() {
  const chosen = preference("language");
  if (chosen === "en" || chosen === "tr") return chosen;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("tr")) && !navigator.language.startsWith("en")
    ? "tr"
    : "en";
}

/** @param {Language} chosen */
export const rememberLanguage = (chosen) => remember("language", chosen);

/**
 * A formatter of the language that is shown.
 * @template Format
 * @param {string} name
 * @param {(locale: string) => Format} make
 * @returns {Format}
 */
export function format(name, make) {
  return /** @type {Format} */ ((formats[name] ??= make(locale())));
}
