// How many there are by status and by sales stage, and what else somebody should look at.

/** @import { Money, Summary } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { money, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { href, listHref } from "../../core/router.js";
import { barList } from "../../parts/bars.js";
import { statusBadge } from "../../parts/badges.js";
import { amounts, stageName } from "../../parts/values.js";

/** Amounts in one line. @param {Money} values */
const worth = (values) =>
  amounts(values)
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
    "section.card",
    { "aria-labelledby": "status-title" },
    h("header", null, h("h2", { id: "status-title" }, t("overview.status"))),
    barList(
      byStatus.map((row) => ({
        label: statusBadge(row.status, row.substatus),
        value: row.count,
        note: worth(row.value),
        address: filtered(row.status, row.substatus) && listHref("referrals", { status: row.status, substatus: row.substatus }),
      })),
    ),
  );

/** @param {Summary} summary */
export const stages = ({ bySalesStage }) =>
  h(
    "section.card",
    { "aria-labelledby": "stages-title" },
    h("header", null, h("h2", { id: "stages-title" }, t("overview.stages")), h("span.sub", null, t("overview.stages.note"))),
    bySalesStage.length
      ? barList(
          bySalesStage.map((row) => ({
            label: row.salesStage ? stageName(row.salesStage) : t("stage.none"),
            value: row.count,
            note: worth(row.value),
            address: filtered(row.salesStage) && listHref("referrals", { status: ["New", "Active"], salesStage: row.salesStage }),
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
