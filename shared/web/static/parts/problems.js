// What went wrong, in words: the sentence, what to do about it, and what it takes to find it in the logs.

import { Problem } from "../core/api.js";
import { h, icon } from "../core/dom.js";
import { has, t } from "../core/i18n.js";

/** @param {string} code */
export const sentence = (code) => (has(`error.${code}`) ? t(`error.${code}`) : null);

/** @param {string} code */
const advice = (code) => (has(`advice.${code}`) ? t(`advice.${code}`) : null);

/** A code's sentence with what to do about it; null where there is no such pair. @param {string} code */
export const advised = (code) => (sentence(code) && advice(code) ? `${sentence(code)} ${advice(code)}` : null);

/** @param {number} seconds */
const later = (seconds) =>
  seconds < 120 ? t("error.retryAfter", { n: Math.ceil(seconds) }) : t("error.retryAfterMinutes", { n: Math.ceil(seconds / 60) });

/**
 * The sentence of a problem, what to do about it, and what it takes to find it in the logs.
 * @param {unknown} error
 */
export function problemText(error) {
  if (!(error instanceof Problem)) return t("error.unknown");
  const parts = [sentence(error.code) ?? error.detail ?? t("error.unknown")];
  // The server's own words name what no dictionary can know, such as a parameter or a setting.
  const particular = ["invalid_parameter", "invalid_request", "configuration_error"].includes(error.code);
  if (particular && error.detail) parts.push(error.detail);
  const hint = advice(error.code);
  if (hint) parts.push(hint);
  if (error.retryAfter) parts.push(later(error.retryAfter));
  if (error.correlationId) parts.push(t("error.correlation", { id: error.correlationId }));
  return parts.join(" ");
}

/**
 * The state of a view that could not be loaded.
 * @param {unknown} error
 * @param {() => void} again
 * @param {{ label: string, href: string } | null} [other] another way out; without one the place itself has the heading
 */
export function problemBox(error, again, other = null) {
  const code = error instanceof Problem ? error.code : "unknown";
  return h(
    "div.problem",
    { role: "alert" },
    icon("warning"),
    other ? h("p.strong", null, t("error.title")) : null,
    h("p", null, problemText(error)),
    h(
      "div.actions",
      null,
      code === "unauthenticated"
        ? h("button.primary", { type: "button", onclick: () => location.reload() }, t("error.reload"))
        : h("button.primary", { type: "button", onclick: again }, t("error.again")),
      other ? h("a.button", { href: other.href }, other.label) : null,
    ),
  );
}
