// From page to page of a list.

/** @import { Route } from "../../core/router.js" */

import { h, icon } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { changed } from "../../core/router.js";

/**
 * @param {Route} route
 * @param {{ total: number, page: number, pageSize: number }} page
 */
export function pages(route, { total, page, pageSize }) {
  const last = Math.ceil(total / pageSize);
  if (last <= 1) return [];
  const wanted = [...new Set([1, page - 1, page, page + 1, last])].filter((n) => n >= 1 && n <= last);
  /** @param {number} n */
  const address = (n) => changed(route, { page: n === 1 ? null : String(n) });
  const numbers = wanted.flatMap((n, index) => {
    const before = wanted[index - 1];
    const gap = before !== undefined && n - before > 1 ? [h("span.gap", { "aria-hidden": "true" }, "…")] : [];
    const link = h(
      "a",
      { href: address(n), "aria-label": t("pages.page", { n }), "aria-current": n === page ? "page" : null },
      number(n),
    );
    return [...gap, link];
  });
  return [
    h("span.range", null, t("pages.range", { from: (page - 1) * pageSize + 1, to: Math.min(page * pageSize, total), total })),
    h(
      "span.numbers",
      null,
      page > 1 ? h("a.step", { href: address(page - 1), rel: "prev", "data-focus": "prev" }, icon("left"), t("pages.previous")) : null,
      ...numbers,
      page < last ? h("a.step", { href: address(page + 1), rel: "next", "data-focus": "next" }, t("pages.next"), icon("right")) : null,
    ),
  ];
}
