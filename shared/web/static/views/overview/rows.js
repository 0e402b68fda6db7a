// How many there are by status and by sales stage, and what else somebody should look at.

/** @import { Money, Summary } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { isCurrency, money, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { href, listHref } from "../../core/router.js";
import { barList } from "../../parts/bars.js";
import { statusBadge } from "../../parts/badges.js";
import { amounts } from "../../parts/values.js";
import { byStage, stageName } from "../../parts/stages.js";

/** Amounts in one line. @param {Money} values */
const worth = (values) =>
  amounts(values)
    .filter(([currency, value]) => isCurrency(currency) && value < 1e12)
    .slice(0, 3)
    .map(([currency, value]) => money(value, currency, true))
    .join(" · ");

/**
 * There is no filter for what has no value, so such a figure leads nowhere rather than to another list.
 * @param {...(string | null)} values
 */
const filtered = (...values) => values.every(Boolean) || null;

/** @param {Summary} summary */
export const status = ({ byStatus }) =>
  h(
    "section.card.states",
    { "aria-labelledby": "status-title" },
    h("header", null, h("h2", { id: "status-title" }, t("overview.status"))),
    byStatus.length
      ? barList(
          byStatus.map((row) => ({
            label: statusBadge(row.status, row.substatus),
            value: row.count,
            note: worth(row.value),
            address: filtered(row.status, row.substatus) && listHref("referrals", { status: row.status, substatus: row.substatus }),
          })),
        )
      : h("p.muted", null, t("overview.none")),
  );

/**
 * By stage in the order of the funnel; a name and a percentage that mean the same are one.
 * @param {Summary["bySalesStage"]} rows
 */
function merged(rows) {
  /** @type {Map<string, { stages: string[], count: number, value: Money }>} */
  const groups = new Map();
  for (const { salesStage, count, value } of [...rows].sort((a, b) => byStage(a.salesStage, b.salesStage))) {
    const group = groups.get(stageName(salesStage)) ?? { stages: [], count: 0, value: {} };
    group.stages.push(salesStage ?? "none");
    group.count += count;
    for (const [currency, amount] of Object.entries(value)) group.value[currency] = (group.value[currency] ?? 0) + amount;
    groups.set(stageName(salesStage), group);
  }
  return [...groups];
}

/** @param {Summary} summary */
export const stages = ({ bySalesStage }) =>
  h(
    "section.card",
    { "aria-labelledby": "stages-title" },
    h("header", null, h("h2", { id: "stages-title" }, t("overview.stages")), h("span.sub", null, t("overview.stages.note"))),
    bySalesStage.length
      ? barList(
          merged(bySalesStage).map(([label, group]) => ({
            label,
            value: group.count,
            note: worth(group.value),
            address: listHref("referrals", { status: ["New", "Active"], salesStage: group.stages }),
          })),
        )
      : h("p.muted", null, t("overview.stages.none")),
  );

/** What somebody should look at, if there is anything. @param {Summary} summary */
export function care({ quarantined, missing, needsReview, total, incoming, outgoing }) {
  /** @param {number} count @param {string} key @param {string} address */
  const line = (count, key, address) => h("li", null, h("a", { href: address }, h("strong", null, number(count)), " ", t(key, { n: count })));
  return h(
    "section.card.care",
    { "aria-labelledby": "care-title" },
    h("header", null, h("h2", { id: "care-title" }, t("overview.all"))),
    h(
      "ul.plain-list",
      null,
      line(total, "overview.total", listHref("referrals")),
      line(incoming, "overview.incoming", listHref("referrals", { direction: "Incoming" })),
      line(outgoing, "overview.outgoing", listHref("referrals", { direction: "Outgoing" })),
      line(needsReview, "overview.review", listHref("companies", { needsReview: "true" })),
      line(missing, "overview.missing", listHref("referrals", { missing: "only" })),
      line(quarantined, "overview.quarantined", href({ view: "overview", panel: "quarantine" })),
    ),
  );
}
