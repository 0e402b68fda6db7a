// Values as views show them alike: times, amounts, places, stages, changes.

/** @import { Change, Money, Person } from "../core/contract.ts" */

import { h } from "../core/dom.js";
import { country, date, dateTime, money, number } from "../core/format.js";
import { has, relative, t, term } from "../core/i18n.js";
import { nothing } from "./badges.js";
import { stageName } from "./stages.js";

/**
 * A time that keeps itself current, with the exact one as its title.
 * @param {string | null | undefined} value
 */
export function ago(value) {
  if (!value) return nothing();
  return h("time", { datetime: value, title: dateTime(value), "data-relative": true }, relative(value));
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(element.getAttribute("datetime"));
    if (element.textContent !== text) element.textContent = text;
  }
}, 15_000);

/** @param {number | null} value @param {string | null} currency */
export const amount = (value, currency) =>
  value === null
    ? nothing()
    : h(
        "span.amount",
        { title: currency ? money(value, currency) : t("currency.unknown") },
        money(value, currency),
        // The sign for "some currency": nothing is assumed about one that Partner Center did not name.
        currency ? null : h("span.sub", null, " ¤", h("span.hidden", null, t("currency.none"))),
      );

/**
 * Amounts, the largest first; never added up over currencies.
 * @param {Money | null | undefined} values
 * @returns {[string, number][]}
 */
export const amounts = (values) => Object.entries(values ?? {}).sort((a, b) => b[1] - a[1]);

/** @param {Money} values */
export const moneyList = (values) => {
  const all = amounts(values);
  if (all.length === 0) return [nothing()];
  return all.map(([currency, value]) => h("span.amount", null, money(value, currency)));
};

/** @param {string | null} code @param {string | null} [city] */
export const place = (code, city) => [city, code ? country(code) : null].filter(Boolean).join(", ") || "–";

/** @param {Person} person */
export const fullName = (person) => [person.firstName, person.lastName].filter(Boolean).join(" ");

/** @param {string | null | undefined} size such as "51to250employees" */
export function companySize(size) {
  if (!size) return "–";
  const range = /^(\d+)to(\d+)employees$/i.exec(size);
  if (range) return t("size.range", { from: number(Number(range[1])), to: number(Number(range[2])) });
  const more = /^morethan(\d+)employees$/i.exec(size);
  return more ? t("size.more", { from: number(Number(more[1])) }) : size;
}

/** Text that a narrow place may cut, whole in its title. @param {string} tag @param {string} text @param {Record<string, string>} [more] */
export const whole = (tag, text, more) => h(tag, { ...more, title: text, dir: "auto" }, text);

/** @param {Change[]} changes */
export const changeList = (changes) =>
  h(
    "ul",
    null,
    changes.map(({ field, from, to }) =>
      h(
        "li",
        { dir: "auto" },
        h("span.muted", null, has(`field.${field}`) ? t(`field.${field}`) : field),
        " ",
        h("del", null, fieldValue(field, from)),
        " → ",
        h("ins", null, fieldValue(field, to)),
      ),
    ),
  );

/** The value of a field of a referral in words. @param {string} field @param {unknown} value */
export function fieldValue(field, value) {
  if (value === null || value === undefined || value === "") return t("none");
  if (typeof value === "number") return number(value);
  if (typeof value !== "string") return JSON.stringify(value);
  if (field.endsWith("DateTime") || field === "missingSince") return date(value);
  if (field === "country") return country(value);
  if (field === "salesStage") return stageName(value);
  if (field === "dealValue" && Number.isFinite(Number(value))) return number(Number(value));
  return term(field, value);
}

/** @param {unknown} value as text or as JSON already read */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
