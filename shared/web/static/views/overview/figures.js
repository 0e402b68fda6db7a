// The figures beside it, each leading to the rows behind it.

/** @import { Money, Summary } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { duration, money, number, percent } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";
import { amounts } from "../../parts/values.js";

/** @param {Summary} summary */
export const figures = (summary) =>
  h(
    "section.figures",
    { "aria-label": t("overview.figures") },
    moneyFigure("overview.open", summary.openValue, (currency) => ({ status: ["New", "Active"], currency, sort: "-dealValue" })),
    moneyFigure("overview.won", summary.wonValue, (currency) => ({ substatus: "Won", currency, sort: "-dealValue" })),
    figure(
      t("overview.response"),
      summary.response.medianHours === null ? "–" : duration(summary.response.medianHours),
      t("overview.response.note", { n: summary.response.answered }),
      listHref("referrals", { direction: "Incoming", status: ["Active", "Closed"] }),
    ),
    figure(
      t("overview.m365"),
      number(summary.companies.m365),
      t("overview.m365.note", {
        n: summary.companies.total,
        share: percent(summary.companies.total ? summary.companies.m365 / summary.companies.total : 0),
      }),
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

/**
 * @param {string} key
 * @param {Money} values
 * @param {(currency: string) => Record<string, string | string[]>} filters
 */
function moneyFigure(key, values, filters) {
  const all = amounts(values);
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
            { href: listHref("referrals", filters(currency)), title: money(value, currency) },
            money(value, currency, true),
          ),
        ),
      ),
    ),
  );
}
