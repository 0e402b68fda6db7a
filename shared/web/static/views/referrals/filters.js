// What the list of referrals is filtered by. A room that brings a filter adds a line to FILTERS.

/** @import { Filter } from "../../parts/filters.js" */

import { h } from "../../core/dom.js";
import { country, monthName, number } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { changed, current, go } from "../../core/router.js";
import { choice, close, given, oneOf } from "../../parts/filters.js";
import { companyName } from "../../parts/known.js";
import { stageName } from "../../parts/values.js";

/** Currencies met so far, to choose from. @type {Set<string>} */
const currencies = new Set();

/** @param {Iterable<string | null>} codes */
export function meetCurrencies(codes) {
  for (const code of codes) if (code && /^[A-Z]{3}$/.test(code)) currencies.add(code);
}

/**
 * A range of amounts in one currency.
 * @param {() => string[]} met the currencies seen so far
 * @returns {Filter}
 */
export const valueRange = (met) => ({
  name: "value",
  describe: (query) => {
    const [low, high, currency] = ["minValue", "maxValue", "currency"].map((name) => query.get(name));
    if (!low && !high && !currency) return [];
    const written = [low, high].map((value) => (value ? number(Number(value)) : ""));
    const range = low && high ? `${written[0]}–${written[1]}` : low ? `≥ ${written[0]}` : high ? `≤ ${written[1]}` : "";
    return [
      {
        text: [t("column.value"), range, currency].filter(Boolean).join(" "),
        without: { minValue: null, maxValue: null, currency: null },
      },
    ];
  },
  build: (route) => {
    /** @param {string} name @param {string} label */
    const input = (name, label) =>
      h(
        "label.field",
        null,
        label,
        h("input", { name, type: "number", min: 0, step: "any", inputmode: "decimal", value: route.query.get(name) }),
      );
    const chosen = route.query.get("currency");
    const known = [...new Set([...met(), ...(chosen ? [chosen] : [])])].sort();
    return [
      h(
        "form.range",
        {
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
            const value = (/** @type {string} */ field) => String(data.get(field) ?? "");
            close();
            go(
              changed(current(), {
                minValue: value("minValue"),
                maxValue: value("maxValue"),
                currency: value("currency"),
              }),
            );
          },
        },
        input("minValue", t("value.from")),
        input("maxValue", t("value.to")),
        h(
          "label.field",
          null,
          t("value.currency"),
          h(
            "select",
            { name: "currency" },
            h("option", { value: "" }, t("value.anyCurrency")),
            known.map((code) => h("option", { value: code, selected: code === chosen }, code)),
          ),
        ),
        h("button.primary", { type: "submit" }, t("filters.apply")),
      ),
    ];
  },
});


/** @type {Filter[]} */
export const FILTERS = [
  given("direction", (value) => term("direction", value)),
  choice("status", (value) => term("status", value), ["New", "Active", "Closed"]),
  choice("substatus", (value) => term("substatus", value)),
  choice("category", (value) => term("category", value)),
  choice("country", country),
  oneOf("expiring", ["3", "7", "14"]),
  valueRange(() => [...currencies]),
  oneOf("m365", ["true", "false"]),
  oneOf("missing", ["include", "only"]),
  given("salesStage", (value) => `${t("field.salesStage")} ${stageName(value)}`),
  given("createdMonth", (value) => t("filter.created", { when: monthName(value, true) })),
  given("company", companyName),
  given("q", (value) => `“${value}”`),
];
