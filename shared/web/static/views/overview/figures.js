// The figures beside it, each leading to the rows behind it.

/** @import { Summary, Worth } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { duration, money, number, percent } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";
import { amounts } from "../../parts/values.js";

/** @param {Summary} summary */
export const figures = ({ open, won, response, companies }) =>
  h(
    "section.figures",
    { "aria-label": t("overview.figures") },
    moneyFigure("overview.open", open, { status: ["New", "Active"] }),
    moneyFigure("overview.won", won, { status: "Closed", substatus: "Won" }),
    figure(
      t("overview.response"),
      response.medianHours === null ? "–" : duration(response.medianHours),
      response.answered ? t("overview.response.note", { n: response.answered }) : "",
      listHref("referrals", { direction: "Incoming", created: "..", accepted: ".." }),
    ),
    figure(
      t("overview.m365"),
      companies.total ? number(companies.m365) : "–",
      companies.total ? t("overview.m365.note", { n: companies.total, share: percent(companies.m365 / companies.total) }) : "",
      listHref("companies", { m365: "true" }),
    ),
  );

/**
 * @param {string} label
 * @param {string} value
 * @param {string} note
 * @param {string} address
 */
const figure = (label, value, note, address) =>
  h(
    "a.card.figure",
    { href: address },
    h("span.figure-label", null, label),
    h("span.figure-value", null, value),
    h("span.sub", null, note),
  );

/** Amounts from here on are left out of sums: the server says how many there are. */
const TOO_LARGE = 1e12;

/**
 * Sums by currency, each leading to the rows behind it, and what is in none of them.
 * @param {string} key
 * @param {Worth} worth
 * @param {Record<string, string | string[]>} filters of all these referrals
 */
function moneyFigure(key, worth, filters) {
  const all = amounts(worth.value);
  // What is too large is not in the sum, so it is not in the list behind it either.
  const below = worth.tooLarge ? { maxValue: String(TOO_LARGE - 1e-3) } : {};
  return h(
    "div.card.figure.money",
    null,
    h("h2.figure-label", null, t(key)),
    all.length === 0 ? h("span.figure-value", null, "–") : null,
    h(
      "ul",
      null,
      all.map(([currency, value], index) =>
        h(
          "li",
          null,
          h(
            index === 0 ? "a.figure-value" : "a",
            { href: listHref("referrals", { ...filters, currency, ...below, sort: "-dealValue" }), title: money(value, currency) },
            money(value, currency, true),
          ),
        ),
      ),
    ),
    leftOut(worth, filters),
  );
}

/** @param {Worth} worth @param {Record<string, string | string[]>} filters */
function leftOut(worth, filters) {
  /** @type {[number, string, Record<string, string>][]} */
  const reasons = [
    [worth.noCurrency, "overview.noCurrency", { value: "given", currency: "none" }],
    [worth.noValue, "overview.noValue", { value: "none" }],
    [worth.tooLarge, "overview.tooLarge", { minValue: String(TOO_LARGE) }],
  ];
  const said = reasons.filter(([count]) => count > 0);
  if (said.length === 0) return null;
  return h(
    "p.sub.left-out",
    null,
    t("overview.leftOut"),
    " ",
    said.flatMap(([count, phrase, more], index) => [index ? ", " : "", h("a", { href: listHref("referrals", { ...filters, ...more }) }, t(phrase, { n: count }))]),
  );
}
