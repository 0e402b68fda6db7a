// Small charts as SVG, drawn for the eye alone: beside each stands the same as a table or as a list of links.

import { h, svg } from "./dom.js";
import { monthName, number, t } from "./i18n.js";
import { listHref } from "./route.js";

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
 * @param {{ month: string, incoming: number, outgoing: number }[]} months
 */
export function monthChart(months) {
  const { step, top } = scale(Math.max(1, ...months.flatMap(({ incoming, outgoing }) => [incoming, outgoing])));
  /** @param {number} value */
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const slot = (WIDTH - LEFT) / Math.max(1, months.length);
  const bar = Math.min(17, slot * 0.34);
  const lines = [];
  for (let value = 0; value <= top; value += step) {
    lines.push(
      svg("line.grid", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
      svg("text.axis", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, number(value)),
    );
  }
  const groups = months.map(({ month, incoming, outgoing }, index) => {
    const middle = LEFT + slot * (index + 0.5);
    /** @param {"Incoming" | "Outgoing"} direction @param {number} value @param {number} x */
    const one = (direction, value, x) =>
      svg(
        "a",
        { href: listHref("referrals", { direction, month }), tabindex: -1 },
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
 * @param {{ label: Node | string, value: number, note: string, href: string }[]} rows
 */
export function barList(rows) {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  return h(
    "ul.bars",
    null,
    rows.map(({ label, value, note, href }) =>
      h(
        "li",
        null,
        h(
          "a",
          { href },
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
