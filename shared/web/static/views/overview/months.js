// Referrals a month. The chart is SVG drawn for the eye alone; beside it stands the same as a table.

/** @import { Summary } from "../../core/contract.ts" */

import { h, svg } from "../../core/dom.js";
import { monthName, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";

/** @param {Summary} summary @param {boolean} open whether the table is */
export function months({ byMonth }, open) {
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
