// Reading numbers that people type: "50.000" is fifty thousand in Turkish, "50,000" in English, and "50 bin" or "50k" in both.

import { currentLanguage } from "./language.js";

/** Words and letters that multiply, in either language. @type {Record<string, number>} */
const FACTORS = {
  k: 1e3, thousand: 1e3, bin: 1e3,
  m: 1e6, mn: 1e6, mio: 1e6, million: 1e6, milyon: 1e6,
  bn: 1e9, billion: 1e9, mr: 1e9, milyar: 1e9,
};
const MOST = 1e15;

/**
 * The number that a text means, or null where it means none. Spaces, currency signs and codes around it don't matter.
 * @param {string} text
 * @param {"en" | "tr"} [language] whose separators are meant
 * @returns {number | null}
 */
export function readNumber(text, language = currentLanguage()) {
  const plain = text.normalize("NFKC").replace(/[\s'’]/g, "").replace(/^(\p{Sc}|[A-Z]{3}|TL)|\p{Sc}$/gu, "");
  const found = /^(-?)([\d.,]+)(\p{L}*)\.?$/u.exec(plain);
  if (!found) return null;
  const [, sign = "", digits = "", word = ""] = found;
  const factor = factorOf(word, language) ?? factorOf(word.replace(/(TL|[A-Z]{3})$/, ""), language);
  const value = readDigits(digits, language);
  if (value === null || !factor) return null;
  const whole = Number((value * factor).toPrecision(15)) * (sign ? -1 : 1);
  return Math.abs(whole) < MOST ? whole : null;
}

/** @param {string} word @param {string} language */
const factorOf = (word, language) => (word === "" ? 1 : (FACTORS[word.toLocaleLowerCase(language)] ?? FACTORS[word.toLowerCase()]));

/** @param {string} text digits, points and commas @param {"en" | "tr"} language @returns {number | null} */
function readDigits(text, language) {
  if (/^\d+$/.test(text)) return Number(text);
  const marks = [...text.replace(/\d/g, "")];
  const last = marks.at(-1) ?? "";
  const kinds = new Set(marks);
  // Both kinds: the last one, if it is there once, separates the decimals.
  if (kinds.size === 2) return lastOnce(text, last) ? split(text, last === "." ? "," : ".", last) : null;
  // One kind, in groups of three: thousands, for nobody types an amount with three decimals; "0.125" is the exception.
  if (/^[1-9]\d{0,2}([.,]\d{3})+$/.test(text)) return split(text, last, "");
  const misplaced = last === (language === "tr" ? "." : ",") && /[.,]\d{3}$/.test(text) && !text.startsWith("0");
  return marks.length > 1 || misplaced ? null : split(text, "", last);
}

/** @param {string} text @param {string} mark */
const lastOnce = (text, mark) => text.indexOf(mark) === text.lastIndexOf(mark);

/** @param {string} text @param {string} group @param {string} point @returns {number | null} */
function split(text, group, point) {
  const [whole = "", decimals = ""] = point ? text.split(point) : [text];
  if (group && whole.includes(group) && !/^\d{1,3}$/.test(whole.split(group)[0] ?? "")) return null;
  if (group && whole.split(group).slice(1).some((part) => part.length !== 3)) return null;
  const value = Number(`${group ? whole.replaceAll(group, "") : whole}.${decimals || "0"}`);
  return Number.isFinite(value) && (whole || decimals) ? value : null;
}

/** A number as it is typed, without separators of thousands. @param {number} value @param {"en" | "tr"} [language] */
export const typedNumber = (value, language = currentLanguage()) =>
  language === "tr" ? String(value).replace(".", ",") : String(value);
