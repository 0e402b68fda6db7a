// Sections of a dialog, and names with values.

import { h } from "../core/dom.js";

/**
 * @param {string} title
 * @param {(Node | string | null)[]} content
 * @param {string} [className]
 */
export const section = (title, content, className = "") =>
  h(`section.part${className}`, null, h("h3", null, title), content);

/** The same in a view, whose heading is one of the first order. @type {typeof section} */
export const part = (title, content, className = "") => h(`section.part${className}`, null, h("h2", null, title), content);

/**
 * Names and values; those without a value are left out.
 * @param {[string, Node | string | null | undefined | false][]} pairs
 */
export const facts = (pairs) =>
  h(
    "dl.facts",
    null,
    pairs.flatMap(([name, value]) =>
      value && value !== "–" ? [h("div", null, h("dt", null, name), h("dd", { dir: "auto" }, value))] : [],
    ),
  );
