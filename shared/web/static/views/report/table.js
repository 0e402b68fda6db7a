// Tables of figures that lead to their rows, and that copy as tables into a mail or a sheet.

/** @import { Figure, Money } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { duration, money, number, percent } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { amounts } from "../../parts/values.js";

/** @typedef {{ text: string, sub?: string[], query?: string | null }} Cell sub: lines below, in small */

/** The most currencies of one figure. */
const AMOUNTS = 3;

/** The list behind a figure. @param {string} query */
export const rowsHref = (query) => `/app?view=referrals&${query}`;

/** Amounts, the largest first. @param {Money} values */
const lines = (values) => amounts(values).slice(0, AMOUNTS).map(([currency, value]) => money(value, currency, true));

/** Amounts in one line, the largest first. @param {Money} values */
export const worth = (values) => lines(values).join(" · ");

/** The same as a cell. @param {Money} values @returns {Cell} */
export const weighed = (values) => {
  const [first = "–", ...more] = lines(values);
  return { text: first, sub: more };
};

/** @param {Figure} figure @param {Money} [values] @returns {Cell} */
export const counted = (figure, values) => ({ text: number(figure.count), sub: lines(values ?? figure.value), query: figure.count ? figure.query : null });

/** @param {{ rate: number | null, query: string }} winRate @returns {Cell} */
export const rate = ({ rate: share, query }) => ({ text: share === null ? "–" : percent(share), query: share === null ? null : query });

/** @param {{ answered: number, medianHours: number | null, query: string }} response @returns {Cell} */
export const answered = ({ answered: count, medianHours, query }) => ({
  text: medianHours === null ? "–" : duration(medianHours),
  sub: count ? [t("report.answered", { n: count })] : [],
  query: count ? query : null,
});

/**
 * @param {string} caption
 * @param {string[]} head
 * @param {{ label: string, cells: Cell[] }[]} rows
 */
export const figureTable = (caption, head, rows) =>
  h(
    "div.figure-scroll",
    { tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table.figure-table",
      null,
      h("caption.hidden", null, caption),
      h("thead", null, h("tr", null, head.map((label) => h("th", { scope: "col" }, label)))),
      h(
        "tbody",
        null,
        rows.map(({ label, cells }) =>
          h(
            "tr",
            null,
            h("th", { scope: "row", dir: "auto" }, label),
            cells.map(({ text, sub, query }, index) =>
              h("td", { "data-label": head[index + 1] ?? "" }, query ? h("a", { href: rowsHref(query) }, text) : h("span", null, text), (sub ?? []).map((line) => h("span.sub", null, line))),
            ),
          ),
        ),
      ),
    ),
  );
