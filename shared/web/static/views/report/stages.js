// The pipeline by stage. Partner Center has two forms of stages, names and percentages: those that mean the same are one row.

/** @import { Money, Report } from "../../core/contract.ts" */

import { percent } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { byStage, stageName } from "../../parts/stages.js";
import { counted, figureTable, weighed } from "./table.js";

/** @typedef {Report["byStage"][number]} Stage */

/** @param {Money} first @param {Money} second @returns {Money} */
function sum(first, second) {
  const all = { ...first };
  for (const [currency, value] of Object.entries(second)) all[currency] = (all[currency] ?? 0) + value;
  return all;
}

/** The list of both: values of one parameter are alternatives. @param {string} first @param {string} second */
function either(first, second) {
  const query = new URLSearchParams(first);
  for (const value of new URLSearchParams(second).getAll("salesStage")) query.append("salesStage", value);
  return query.toString();
}

/** @param {Stage[]} rows @returns {[string, Stage][]} in the order of the funnel */
function merged(rows) {
  /** @type {Map<string, Stage>} */
  const groups = new Map();
  for (const row of rows.toSorted((a, b) => byStage(a.stage, b.stage))) {
    const name = stageName(row.stage);
    const known = groups.get(name);
    groups.set(
      name,
      known
        ? { ...known, count: known.count + row.count, value: sum(known.value, row.value), weighted: sum(known.weighted, row.weighted), query: either(known.query, row.query) }
        : row,
    );
  }
  return [...groups];
}

/** @param {Report} report */
export const stageTable = (report) =>
  figureTable(
    t("report.byStage"),
    [t("report.stage"), t("report.weight"), t("report.pipeline"), t("report.weighted")],
    merged(report.byStage).map(([label, stage]) => ({
      label,
      cells: [{ text: stage.weight === null ? "–" : percent(stage.weight / 100) }, counted(stage), weighed(stage.weighted)],
    })),
  );
