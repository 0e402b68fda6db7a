// The first view: what waits for an answer, what is open and won, and how it develops. The small charts are SVG drawn for the eye
// alone: beside each stands the same as a table or as a list of links.

/** @import { Money, Referral, Summary } from "./contract.ts" */

import { h, show, svg } from "./dom.js";
import { duration, money, monthName, number, percent, t } from "./i18n.js";
import { amount, amounts, categoryBadge, deadlineBadge, place, stageName, statusBadge } from "./labels.js";
import { href, listHref, referralHref } from "./route.js";

/**
 * @param {HTMLElement} root
 * @param {Summary} summary
 */
export function showOverview(root, summary) {
  delete root.dataset["list"];
  const open = root.querySelector("details[open]") !== null;
  show(
    root,
    h("h1.hidden", { id: "title", tabindex: -1 }, t("nav.overview")),
    h(
      "div.overview",
      null,
      waiting(summary),
      h(
        "section.figures",
        { "aria-label": t("overview.figures") },
        moneyFigure("overview.open", summary.openValue, (currency) => ({ status: ["New", "Active"], currency, sort: "-dealValue" })),
        moneyFigure("overview.won", summary.wonValue, (currency) => ({ substatus: "Won", currency, sort: "-dealValue" })),
        figure(
          t("overview.response"),
          summary.response.medianHours === null ? "–" : duration(summary.response.medianHours),
          t("overview.response.note", { n: summary.response.answered }),
          listHref("referrals", { direction: "Incoming", status: ["Active", "Closed"] }),
        ),
        figure(
          t("overview.m365"),
          number(summary.companies.m365),
          t("overview.m365.note", {
            n: summary.companies.total,
            share: percent(summary.companies.total ? summary.companies.m365 / summary.companies.total : 0),
          }),
          listHref("companies", { m365: "true" }),
        ),
      ),
      months(summary, open),
      status(summary),
      stages(summary),
      care(summary),
    ),
  );
}

/** @param {Summary} summary */
function waiting({ unanswered }) {
  const all = listHref("referrals", { direction: "Incoming", status: "New", sort: "expirationDateTime" });
  return h(
    "section.card.waiting",
    { "aria-labelledby": "waiting-title" },
    h(
      "header",
      null,
      h("h2", { id: "waiting-title" }, t("overview.waiting")),
      h("a.figure-link", { href: all }, h("strong", null, number(unanswered.count)), " ", t("overview.waiting.unit", { n: unanswered.count })),
      unanswered.dueSoon
        ? h(
            "a.badge.red",
            { href: listHref("referrals", { expiring: 3, sort: "expirationDateTime" }) },
            t("overview.waiting.soon", { n: unanswered.dueSoon }),
          )
        : null,
    ),
    unanswered.next.length
      ? h("ol.next", null, unanswered.next.map(next))
      : h("p.empty", null, h("span.strong", null, t("overview.waiting.none"))),
    unanswered.count > unanswered.next.length ? h("a.more", { href: all }, t("overview.waiting.all", { n: unanswered.count })) : null,
  );
}

/** @param {Referral} referral */
const next = (referral) =>
  h(
    "li",
    { "data-key": referral.id },
    h(
      "a",
      { href: referralHref(referral.id) },
      h(
        "span.next-main",
        null,
        h("span.strong", null, referral.companyName ?? referral.customerName ?? t("unnamed.company")),
        h("span.sub", null, referral.name || t("unnamed.referral")),
      ),
      categoryBadge(referral.category),
      h("span.next-place.muted", null, place(referral.country)),
      amount(referral.dealValue, referral.currency),
      h("span.next-due", null, deadlineBadge(referral.expiresInDays, referral.expirationDateTime)),
    ),
  );

/**
 * @param {string} label
 * @param {string} value
 * @param {string} note
 * @param {string} address
 */
const figure = (label, value, note, address) =>
  h(
    "a.card.figure",
    { href: address },
    h("span.figure-label", null, label),
    h("span.figure-value", null, value),
    h("span.sub", null, note),
  );

/**
 * @param {string} key
 * @param {Money} values
 * @param {(currency: string) => Record<string, string | string[]>} filters
 */
function moneyFigure(key, values, filters) {
  const all = amounts(values);
  return h(
    "div.card.figure.money",
    null,
    h("h2.figure-label", null, t(key)),
    all.length === 0 ? h("span.figure-value", null, "–") : null,
    h(
      "ul",
      null,
      all.map(([currency, value], index) =>
        h(
          "li",
          null,
          h(
            index === 0 ? "a.figure-value" : "a",
            { href: listHref("referrals", filters(currency)), title: money(value, currency) },
            money(value, currency, true),
          ),
        ),
      ),
    ),
  );
}

/** @param {Summary} summary @param {boolean} open */
function months({ byMonth }, open) {
  /** @param {string} month @param {"Incoming" | "Outgoing"} direction @param {number} count */
  const cell = (month, direction, count) =>
    h("td", null, h("a", { href: listHref("referrals", { direction, createdMonth: month }) }, number(count)));
  return h(
    "section.card.months",
    { "aria-labelledby": "months-title" },
    h(
      "header",
      null,
      h("h2", { id: "months-title" }, t("overview.months")),
      h("span.legend", { "aria-hidden": "true" }, h("i.key.incoming"), t("direction.Incoming"), h("i.key.outgoing"), t("direction.Outgoing")),
    ),
    monthChart(byMonth),
    h(
      "details.as-table",
      { open },
      h("summary", { "data-focus": "months-table" }, t("overview.table")),
      h(
        "table.plain",
        null,
        h("caption.hidden", null, t("overview.months")),
        h(
          "thead",
          null,
          h("tr", null, ["overview.month", "direction.Incoming", "direction.Outgoing"].map((key) => h("th", { scope: "col" }, t(key)))),
        ),
        h(
          "tbody",
          null,
          byMonth.map(({ month, incoming, outgoing }) =>
            h(
              "tr",
              null,
              h("th", { scope: "row" }, monthName(month, true)),
              cell(month, "Incoming", incoming),
              cell(month, "Outgoing", outgoing),
            ),
          ),
        ),
      ),
    ),
  );
}

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
const status = ({ byStatus }) =>
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
const stages = ({ bySalesStage }) =>
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
function care({ quarantined, missing, needsReview, total, incoming, outgoing }) {
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

const WIDTH = 640;
const HEIGHT = 200;
const LEFT = 34;
const BOTTOM = 26;
const TOP = 10;

/**
 * Round steps that hold `most`.
 * @param {number} most
 */
function scale(most) {
  const rough = Math.max(most, 4) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const whole = Math.ceil(step);
  return { step: whole, top: whole * Math.max(1, Math.ceil(most / whole)) };
}

/**
 * Referrals a month, incoming beside outgoing.
 * @param {Summary["byMonth"]} byMonth
 */
function monthChart(byMonth) {
  const { step, top } = scale(Math.max(1, ...byMonth.flatMap(({ incoming, outgoing }) => [incoming, outgoing])));
  /** @param {number} value */
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const slot = (WIDTH - LEFT) / Math.max(1, byMonth.length);
  const bar = Math.min(17, slot * 0.34);
  const lines = [];
  for (let value = 0; value <= top; value += step) {
    lines.push(
      svg("line.grid", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
      svg("text.axis", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, number(value)),
    );
  }
  const groups = byMonth.map(({ month, incoming, outgoing }, index) => {
    const middle = LEFT + slot * (index + 0.5);
    /** @param {"Incoming" | "Outgoing"} direction @param {number} value @param {number} x */
    const one = (direction, value, x) =>
      svg(
        "a",
        { href: listHref("referrals", { direction, createdMonth: month }), tabindex: -1 },
        svg(`rect.bar.${direction.toLowerCase()}`, { x, y: y(value), width: bar, height: Math.max(0, y(0) - y(value)), rx: 2.5 }),
        svg("title", null, `${monthName(month, true)}, ${t(`direction.${direction}`)}: ${number(value)}`),
      );
    return svg(
      "g",
      null,
      one("Incoming", incoming, middle - bar - 1),
      one("Outgoing", outgoing, middle + 1),
      svg("text.axis", { x: middle, y: HEIGHT - 8, "text-anchor": "middle" }, monthName(month)),
    );
  });
  return svg("svg.chart", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" }, ...lines, ...groups);
}

/**
 * A list of bars that are links.
 * @param {{ label: Node | string, value: number, note: string, address: string | null }[]} rows
 */
function barList(rows) {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  return h(
    "ul.bars",
    null,
    rows.map(({ label, value, note, address }) =>
      h(
        "li",
        null,
        h(
          address === null ? "div" : "a",
          { href: address },
          h("span.bar-label", null, label),
          svg(
            "svg.bar-line",
            { "aria-hidden": "true", focusable: "false" },
            svg("rect.track", { width: "100%", height: "100%", rx: 3 }),
            svg("rect.fill", { width: `${Math.max(value ? 1 : 0, (value / most) * 100)}%`, height: "100%", rx: 3 }),
          ),
          h("span.bar-value", null, number(value)),
          h("span.bar-note", null, note),
        ),
      ),
    ),
  );
}
