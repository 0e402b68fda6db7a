// A list of bars that are links: each says in words and figures what its bar says to the eye.

import { h, svg } from "../core/dom.js";
import { number } from "../core/format.js";

/**
 * A list of bars that are links.
 * @param {{ label: Node | string, value: number, note: string, address: string | null }[]} rows
 */
export function barList(rows) {
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
