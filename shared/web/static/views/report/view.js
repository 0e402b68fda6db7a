// A manager's figures for a range of days, each leading to its rows.

/** @import { Figures, Flow, Report } from "../../core/contract.ts" */

import { get, search } from "../../core/api.js";
import { h, icon, show } from "../../core/dom.js";
import { country, date, dateTime, monthName } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { go, href } from "../../core/router.js";
import { dateField, checkAll } from "../../parts/forms.js";
import { copyTables } from "./copy.js";
import { answered, counted, figureTable, rate, weighed } from "./table.js";
import { stageTable } from "./stages.js";

const HEAD = ["report.created", "report.won", "report.lost", "report.winRate", "report.response"];
const MORE = ["report.pipeline", "report.weighted", "report.overdue.answer", "report.overdue.close"];

/** @param {Flow} figures */
const flow = (figures) => [counted(figures.created), counted(figures.won), counted(figures.lost), rate(figures.winRate), answered(figures.response)];

/** @param {Figures} figures */
const all = (figures) => [
  ...flow(figures),
  counted(figures.pipeline),
  weighed(figures.pipeline.weighted),
  counted(figures.overdue.answer),
  counted(figures.overdue.close),
];

/** @type {import("../index.js").ViewModule<Report>} */
export const view = {
  load: async (route, signal) => /** @type {Report} */ (await get(`/report${search(route.query)}`, signal)),
  show: (root, report) => {
    const typing = root.querySelector(".report-range")?.contains(document.activeElement);
    if (typing && root.querySelector(".report")) return;
    show(root, page(report, root));
  },
  version: (report) => report.dataVersion,
};

/** @param {Report} report @param {HTMLElement} root */
function page(report, root) {
  const head = [...HEAD, ...MORE].map((key) => t(key));
  const named = (/** @type {string} */ key) => [t(key), ...head];
  return h(
    "div.report",
    null,
    h(
      "div.head",
      null,
      h("h1", { id: "title", tabindex: -1 }, t("nav.report")),
      h("span.muted", null, `${date(`${report.from}T00:00:00Z`)} – ${date(`${report.to}T00:00:00Z`)}`),
      h(
        "div.list-tools",
        null,
        h("button", { type: "button", "data-focus": "report-copy", onclick: () => copyTables(root) }, icon("copy"), t("report.copy")),
        h("button", { type: "button", "data-focus": "report-print", onclick: () => print() }, icon("print"), t("report.print")),
      ),
    ),
    range(report),
    card("report.total", figureTable(t("report.total"), named("report.total"), [{ label: t("report.all"), cells: all(report) }])),
    card(
      "report.byStage",
      stageTable(report),
      report.pipeline.withoutWeight ? h("p.sub", null, t("report.withoutWeight", { n: report.pipeline.withoutWeight })) : null,
    ),
    card(
      "report.byOwner",
      figureTable(
        t("report.byOwner"),
        named("report.owner"),
        report.byOwner.map((row) => ({ label: row.owner?.name ?? t("owner.without"), cells: all(row) })),
      ),
    ),
    card(
      "report.byCategory",
      figureTable(t("report.byCategory"), named("field.category"), report.byCategory.map((row) => ({ label: term("category", row.category), cells: all(row) }))),
    ),
    card(
      "report.byCountry",
      figureTable(t("report.byCountry"), named("field.country"), countries(report.byCountry)),
    ),
    report.byMonth.length > 1
      ? card(
          "report.byMonth",
          figureTable(
            t("report.byMonth"),
            [t("report.month"), ...HEAD.map((key) => t(key))],
            report.byMonth.map((row) => ({ label: monthName(row.month, true), cells: flow(row) })),
          ),
        )
      : null,
    h("p.sub", null, t("report.note", { when: dateTime(report.generatedAt) })),
  );
}

/** Countries written in two ways are two rows, each with what its list is filtered by. @param {Report["byCountry"]} rows */
function countries(rows) {
  const names = rows.map((row) => country(row.country));
  const twice = (/** @type {string} */ name) => names.indexOf(name) !== names.lastIndexOf(name);
  return rows.map((row, at) => {
    const name = names[at] ?? "";
    return { label: twice(name) && row.country ? `${name} (${row.country})` : name, cells: all(row) };
  });
}

/** @param {string} key @param {...(Node | null)} content */
const card = (key, ...content) => h("section.card", null, h("header", null, h("h2", null, t(key))), ...content);

/** @param {Report} report */
function range(report) {
  const from = dateField(t("report.from"), { name: "from", value: report.from, required: true });
  const to = dateField(t("report.to"), { name: "to", value: report.to, required: true });
  /** @param {string} first @param {string} last */
  const address = (first, last) => href({ view: "report", query: new URLSearchParams({ from: first, to: last }) });
  return h(
    "form.report-range",
    {
      novalidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!checkAll([from, to])) return;
        const [first, last] = [from.value() ?? "", to.value() ?? ""];
        if (first > last) return from.complain(t("report.order"));
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        go(address(first, last));
      },
    },
    from.element,
    to.element,
    h("button.primary", { type: "submit" }, t("report.show")),
    ...quick().map(([key, first, last]) =>
      h("a.button", { href: address(first, last), "aria-current": first === report.from && last === report.to ? "true" : null }, t(key)),
    ),
  );
}

/** Ranges that people ask for again and again, in UTC as the figures. @returns {[string, string, string][]} */
function quick() {
  const now = new Date();
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  /** @param {number} y @param {number} m @param {number} d */
  const day = (y, m, d) => new Date(Date.UTC(y, m, d)).toISOString().slice(0, 10);
  return [
    ["report.thisMonth", day(year, month, 1), day(year, month + 1, 0)],
    ["report.lastMonth", day(year, month - 1, 1), day(year, month, 0)],
    ["report.thisYear", day(year, 0, 1), day(year, 11, 31)],
  ];
}
