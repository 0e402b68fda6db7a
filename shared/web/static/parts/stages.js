// Sales stages. Partner Center has two forms of them, names and percentages, which mean the same.

import { t } from "../core/i18n.js";

/** The percentage of a name (Microsoft Learn, "Manage co-sell opportunities"; the names of the connector). @type {Record<string, number>} */
const WEIGHTS = {
  accepted: 10, qualify: 20, qualified: 20, develop: 40, developed: 40, propose: 60, proposed: 60, negotiated: 80, close: 80, won: 100,
};
/** Those that have a name. */
const NAMED = new Set([10, 20, 40, 60, 80, 100]);

/** How far along a stage is, in per cent; null where that is not known. @param {string | null} stage */
export function stageWeight(stage) {
  const text = (stage ?? "").trim().replace(/%$/, "").trim().toLowerCase();
  return /^\d{1,3}$/.test(text) && Number(text) <= 100 ? Number(text) : (WEIGHTS[text] ?? null);
}

/** @param {string | null} stage a name or a percentage */
export function stageName(stage) {
  const weight = stageWeight(stage);
  if (weight === null) return stage || t("stage.none");
  return NAMED.has(weight) ? t(`stage.${weight}`) : t("stage.percent", { n: weight });
}

/** In the order of the funnel; what is not known last. @param {string | null} a @param {string | null} b */
export const byStage = (a, b) => (stageWeight(a) ?? (a ? 101 : 102)) - (stageWeight(b) ?? (b ? 101 : 102));
