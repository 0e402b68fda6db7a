// The overview's figures as tables, for copying.

/** @import { Summary } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { duration, monthName, number } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { stageName } from "../../parts/stages.js";
import { worth } from "../report/table.js";

/**
 * @param {string} caption
 * @param {string[][]} rows
 */
const table = (caption, rows) =>
  h("table", null, h("caption", null, caption), rows.map((row) => h("tr", null, row.map((text) => h("td", null, text)))));

/** @param {Summary} summary @param {Element} owners the table that is shown already */
export const overviewTables = (summary, owners) =>
  h(
    "div",
    null,
    table(t("overview.figures"), [
      [t("overview.total", { n: summary.total }), number(summary.total)],
      [t("overview.waiting"), number(summary.unanswered.count)],
      [t("overview.open"), worth(summary.openValue)],
      [t("overview.won"), worth(summary.wonValue)],
      [t("overview.response"), summary.response.medianHours === null ? "–" : duration(summary.response.medianHours)],
    ]),
    table(
      t("overview.status"),
      summary.byStatus.map((row) => [
        [row.status && term("status", row.status), row.substatus && term("substatus", row.substatus)].filter(Boolean).join(" · "),
        number(row.count),
        worth(row.value),
      ]),
    ),
    table(
      t("overview.stages"),
      summary.bySalesStage.map((row) => [row.salesStage ? stageName(row.salesStage) : t("stage.none"), number(row.count), worth(row.value)]),
    ),
    owners.cloneNode(true),
    table(
      t("overview.months"),
      summary.byMonth.map((row) => [monthName(row.month, true), number(row.incoming), number(row.outgoing)]),
    ),
  );
