// How it goes for each owner, and what a report needs: copy, print, the manager's figures.

/** @import { Summary } from "../../core/contract.ts" */

import { find, h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { href } from "../../core/router.js";
import { answered, counted, figureTable, rate } from "../report/table.js";

/** What it takes comes when it is first asked for. @param {Summary} summary */
async function copy(summary) {
  const [{ copyTables }, { overviewTables }] = await Promise.all([import("../report/copy.js"), import("./as-tables.js")]);
  copyTables(overviewTables(summary, find(".owners table")));
}

/** @param {Summary} summary */
export const owners = (summary) =>
  h(
    "section.card.owners",
    null, // the table inside is the region of this name
    h(
      "header",
      null,
      h("h2", { id: "owners-title" }, t("overview.owners")),
      h(
        "div.list-tools",
        null,
        h("a.button.small", { href: href({ view: "report" }) }, t("overview.report")),
        h("button.small", { type: "button", "data-focus": "overview-copy", onclick: () => copy(summary) }, icon("copy"), t("report.copy")),
        h("button.small", { type: "button", "data-focus": "overview-print", onclick: () => print() }, icon("print"), t("report.print")),
      ),
    ),
    figureTable(
      t("overview.owners"),
      [t("report.owner"), t("overview.owners.waiting"), t("overview.owners.open"), t("report.winRate"), t("report.response")],
      summary.byOwner.map((row) => ({
        label: row.owner?.name ?? t("owner.without"),
        cells: [{ ...counted(row.waiting), sub: [] }, counted(row.open), rate(row.winRate), answered(row.response)],
      })),
    ),
  );
