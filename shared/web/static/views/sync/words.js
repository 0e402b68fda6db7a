// A run in words.

/** @import { Run } from "../../core/contract.ts" */

import { Problem } from "../../core/api.js";
import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";

/** "12 new, 3 changed". @param {Run} run */
export function outcome(run) {
  const parts = [
    run.inserted ? t("sync.new", { n: run.inserted }) : "",
    run.updated ? t("sync.changed", { n: run.updated }) : "",
    run.missing ? t("sync.missing", { n: run.missing }) : "",
    run.quarantined ? t("sync.quarantined", { n: run.quarantined }) : "",
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : t("sync.nothing");
}

/** What a run failed of. @param {Run} run */
export const runTrouble = (run) =>
  run.error
    ? problemText(new Problem(run.error.code, { detail: run.error.message, correlationId: run.error.correlationId }))
    : "";

/** "3 pages, 300 read, 12 changed". @param {Run} run */
export const progressText = (run) =>
  [
    t("sync.pages", { n: run.pages }),
    t("sync.fetched", { n: run.fetched }),
    t("sync.touched", { n: run.inserted + run.updated }),
  ].join(" · ");

/** How far a run is. @param {Run} run */
export const progressLine = (run) =>
  h("p.running-line", null, icon("sync"), h("span", null, `${t("sync.running")} ${progressText(run)}`));
