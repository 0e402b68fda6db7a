// What is said to the reader: what went wrong and what to do about it, and short messages that come and go.

import { Problem } from "./api.js";
import { find, h, icon, template } from "./dom.js";
import { has, t } from "./i18n.js";

const STAY_MS = 5000;

/**
 * @param {"success" | "info" | "error"} kind
 * @param {string} text
 * @param {{ detail?: string | null, action?: { label: string, run: () => void } | null }} [more]
 */
export function toast(kind, text, more = {}) {
  const element = template("toast");
  element.classList.add(kind);
  find(".toast-icon", element).append(icon(kind === "success" ? "check" : kind === "error" ? "warning" : "info"));
  find(".toast-text", element).append(
    h("p", null, text),
    ...(more.detail ? [h("p.sub", null, more.detail)] : []),
    ...(more.action ? [actionButton(more.action, () => dismiss(element))] : []),
  );
  const close = find("button.toast-close", element);
  close.setAttribute("aria-label", t("toast.dismiss"));
  close.addEventListener("click", () => dismiss(element));
  const region = find(kind === "error" ? "#alerts" : "#messages");
  region.append(element);
  if (kind !== "error") fade(element);
  return element;
}

/**
 * @param {{ label: string, run: () => void }} action
 * @param {() => void} after
 */
const actionButton = (action, after) =>
  h(
    "button.small",
    {
      type: "button",
      onclick: () => {
        after();
        action.run();
      },
    },
    action.label,
  );

/** @param {HTMLElement} element */
function fade(element) {
  let timer = setTimeout(() => dismiss(element), STAY_MS);
  const pause = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dismiss(element), STAY_MS);
  };
  element.addEventListener("mouseenter", pause);
  element.addEventListener("focusin", pause);
  element.addEventListener("mouseleave", resume);
  element.addEventListener("focusout", resume);
}

/** @param {HTMLElement} element */
function dismiss(element) {
  element.remove();
}

/**
 * A modal dialog makes all that is outside of it inert, so the toasts live inside the dialog while it is open.
 * @param {HTMLElement} parent
 */
export function moveToasts(parent) {
  parent.append(find("#toasts"));
}

/** @param {string} code */
export const sentence = (code) => (has(`error.${code}`) ? t(`error.${code}`) : null);

/** @param {string} code */
const advice = (code) => (has(`advice.${code}`) ? t(`advice.${code}`) : null);

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
  if (error.retryAfter) parts.push(t("error.retryAfter", { n: error.retryAfter }));
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
