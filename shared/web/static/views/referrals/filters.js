// What the list of referrals is filtered by. A room that brings a filter adds a line to FILTERS.

/** @import { Filter } from "../../parts/filters.js" */

import { h } from "../../core/dom.js";
import { country, date, isCurrency, listing, monthName, number, signOf } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { feature } from "../../core/me.js";
import { changed, current, go } from "../../core/router.js";
import { choice, close, given, oneOf } from "../../parts/filters.js";
import { checkAll, moneyField, selectField } from "../../parts/forms.js";
import { companyName } from "../../parts/known.js";
import { stageName } from "../../parts/stages.js";
import { ownerFilter } from "../owners/filter.js";
import { DAY_FILTERS } from "../report/days.js";

/**
 * A range of amounts in one currency: amounts in different currencies can't be compared.
 * @type {Filter}
 */
const valueRange = {
  name: "value",
  describe: (query) => {
    const [low, high] = ["minValue", "maxValue"].map((name) => query.get(name));
    const currencies = query.getAll("currency").map((code) => (code === "none" ? t("currency.none") : code));
    const whether = query.get("value");
    if (!low && !high && currencies.length === 0 && !whether) return [];
    const written = [low, high].map((value) => (value ? number(Number(value)) : ""));
    const range = low && high ? `${written[0]}–${written[1]}` : low ? `≥ ${written[0]}` : high ? `≤ ${written[1]}` : "";
    const about = whether && !range ? t(`filter.value.${whether}`) : t("column.value");
    return [
      {
        text: [about, range, listing(currencies)].filter(Boolean).join(" "),
        without: { minValue: null, maxValue: null, currency: null, value: null },
      },
    ];
  },
  build: (route, facets) => {
    const chosen = route.query.getAll("currency");
    const codes = [...new Set([...Object.keys(facets["currency"] ?? {}).filter(isCurrency), ...chosen.filter(isCurrency)])];
    codes.sort((a, b) => (facets["currency"]?.[b] ?? 0) - (facets["currency"]?.[a] ?? 0));
    const currency = selectField(
      t("value.currency"),
      [{ value: "", label: t("value.anyCurrency") }, ...codes.map((code) => ({ value: code, label: named(code, facets["currency"]?.[code]) }))],
      { name: "currency", value: chosen[0] ?? "" },
    );
    /** @param {string} name @param {string} label */
    const bound = (name, label) => {
      const value = route.query.get(name);
      return moneyField(label, { name, value: value ? Number(value) : null, currency: () => currency.control.value || null });
    };
    const [low, high] = [bound("minValue", t("value.from")), bound("maxValue", t("value.to"))];
    currency.control.addEventListener("change", () => {
      for (const field of [low, high]) field.control.dispatchEvent(new Event("understand"));
    });
    return [
      h(
        "form.range",
        {
          novalidate: true,
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            if (!checkAll([low, high])) return;
            const bounds = [low.value(), high.value()];
            if (bounds.some((value) => value !== null) && !currency.value()) return currency.complain(t("value.needsCurrency"));
            close();
            const [minValue = "", maxValue = ""] = bounds.map((value) => (value === null ? "" : String(value)));
            go(changed(current(), { minValue, maxValue, currency: currency.value(), value: null }));
          },
        },
        low.element,
        high.element,
        currency.element,
        h("button.primary", { type: "submit" }, t("filters.apply")),
      ),
    ];
  },
};

/** @param {string} code @param {number | undefined} count */
const named = (code, count) => [code, signOf(code) === code ? "" : signOf(code), count ? `(${number(count)})` : ""].filter(Boolean).join(" ");

/** @param {string} value of the parameter `closing` */
function closingName(value) {
  if (value === "past") return t("closing.past.choice");
  if (value === "thisMonth") return t("closing.thisMonth");
  const [from = "", to = ""] = value.split("..");
  return t("closing.range", { from: from ? date(from) : "…", to: to ? date(to) : "…" });
}

/** @type {Filter[]} */
export const FILTERS = [
  given("direction", (value) => term("direction", value)),
  choice("status", (value) => term("status", value), ["New", "Active", "Closed"]),
  choice("substatus", (value) => term("substatus", value)),
  choice("category", (value) => term("category", value)),
  choice("country", (value) => (value.toLowerCase() === "none" ? t("filter.nothing") : country(value))),
  ownerFilter,
  oneOf("expiring", ["0", "3", "7", "14"]),
  oneOf("closing", ["past", "thisMonth"], closingName),
  valueRange,
  oneOf("m365", ["true", "false"]),
  { ...oneOf("dynamics", ["linked", "pending", "failed", "conflict", "ignored", "none"]), when: () => feature("dynamics") },
  oneOf("missing", ["include", "only"]),
  given("salesStage", (value) => stageName(value === "none" ? null : value)),
  given("createdMonth", (value) => t("filter.created", { when: monthName(value, true) })),
  given("waiting", () => t("filter.waiting")),
  ...DAY_FILTERS,
  given("company", companyName),
  given("q", (value) => `“${value}”`),
];
