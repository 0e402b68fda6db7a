// The small things every view shows alike: badges, times, amounts, and what can be copied.

/** @import { Company, Money, Person, Referral } from "./contract.ts" */

import { h, icon } from "./dom.js";
import { country, date, dateTime, has, money, number, relative, t, term } from "./i18n.js";
import { toast } from "./messages.js";

/** @param {string} text @param {string} tone @param {string} [title] */
export const badge = (text, tone, title) => h(`span.badge.${tone}`, { title }, text);

/** @type {Record<string, string>} */
const CATEGORY_TONES = {
  coSell: "blue",
  marketplaceLead: "green",
  qualifiedLead: "teal",
  private: "violet",
  partnerLed: "orange",
};

/** @param {string | null} category */
export const categoryBadge = (category) =>
  category
    ? badge(term("category", category), CATEGORY_TONES[category] ?? "grey", t(`categoryHint.${category}`))
    : h("span.muted", null, "–");

/** @type {Record<string, string>} */
const STATUS_TONES = { New: "cyan", Active: "green", Closed: "grey", Won: "won", Lost: "lost" };

/**
 * @param {string | null} status
 * @param {string | null} substatus
 */
export function statusBadge(status, substatus) {
  if (!status) return h("span.muted", null, "–");
  const tone = (substatus && STATUS_TONES[substatus]) || STATUS_TONES[status] || "grey";
  const second = substatus && substatus !== "None" ? h("span.sub", null, term("substatus", substatus)) : null;
  return h("span.state", null, h(`span.dot.${tone}`, { "aria-hidden": "true" }), h("span", null, term("status", status)), second);
}

/**
 * "Expires in 3 days", on what is still unanswered.
 * @param {number | null} days
 * @param {string | null} [when]
 */
export function deadlineBadge(days, when) {
  if (days === null || days === undefined) return null;
  const text = days < 0 ? t("deadline.past") : days === 0 ? t("deadline.today") : t("deadline.in", { n: days });
  return badge(text, days < 0 ? "past" : days <= 3 ? "red" : days <= 7 ? "amber" : "grey", when ? dateTime(when) : "");
}

/** Whole days left until a time, rounded down. @param {string | null} when */
export const daysUntil = (when) => (when ? Math.floor((Date.parse(when) - Date.now()) / 86_400_000) : null);

/** @param {Referral} referral */
export function marks(referral) {
  return [
    referral.missingSince ? badge(t("missing.badge"), "amber", t("missing.hint", { when: date(referral.missingSince) })) : null,
    referral.problems?.length
      ? h(
          "span.warning",
          { title: t("problems.hint", { n: referral.problems.length }) },
          icon("warning"),
          h("span.hidden", null, t("problems.hint", { n: referral.problems.length })),
        )
      : null,
  ];
}

/**
 * A time that keeps itself current, with the exact one as its title.
 * @param {string | null | undefined} value
 */
export function ago(value) {
  if (!value) return h("span.muted", null, "–");
  return h("time", { datetime: value, title: dateTime(value), "data-relative": true }, relative(value));
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(element.getAttribute("datetime"));
    if (element.textContent !== text) element.textContent = text;
  }
}, 15_000);

/** @param {number | null} value @param {string | null} currency */
export const amount = (value, currency) =>
  value === null
    ? h("span.muted", null, "–")
    : h(
        "span.amount",
        { title: currency ? money(value, currency) : t("currency.unknown") },
        money(value, currency),
        // The sign for "some currency": nothing is assumed about one that Partner Center did not name.
        currency ? null : h("span.sub", null, " ¤", h("span.hidden", null, t("currency.none"))),
      );

/**
 * Amounts, the largest first; never added up over currencies.
 * @param {Money | null | undefined} values
 * @returns {[string, number][]}
 */
export const amounts = (values) => Object.entries(values ?? {}).sort((a, b) => b[1] - a[1]);

/** @param {string | null} code @param {string | null} [city] */
export const place = (code, city) => [city, code ? country(code) : null].filter(Boolean).join(", ") || "–";

/** @param {Person} person */
export const fullName = (person) => [person.firstName, person.lastName].filter(Boolean).join(" ");

/** @param {string | null | undefined} size such as "51to250employees" */
export function companySize(size) {
  if (!size) return "–";
  const range = /^(\d+)to(\d+)employees$/i.exec(size);
  if (range) return t("size.range", { from: number(Number(range[1])), to: number(Number(range[2])) });
  const more = /^morethan(\d+)employees$/i.exec(size);
  return more ? t("size.more", { from: number(Number(more[1])) }) : size;
}

/** @param {string | null} stage a word or a percentage */
export const stageName = (stage) => (stage && /^\d+$/.test(stage) ? t("stage.percent", { n: Number(stage) }) : term("stage", stage));

/** @param {string} value */
export async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    toast("success", t("copy.done", { value: value.length > 60 ? `${value.slice(0, 60)}…` : value }));
    return true;
  } catch {
    toast("error", t("copy.failed"));
    return false;
  }
}

/**
 * A button that copies a value, and says so on itself for two seconds.
 * @param {string} label what is copied
 * @param {string} value
 * @param {string} [kind]
 */
export function copyButton(label, value, kind = "button.small") {
  const text = h("span", null, label);
  return h(
    kind,
    {
      type: "button",
      title: t("copy.hint", { what: label }),
      onclick: async (/** @type {Event} */ event) => {
        const button = /** @type {HTMLElement} */ (event.currentTarget);
        if (!(await copy(value))) return;
        button.classList.add("done");
        setTimeout(() => button.classList.remove("done"), 2000);
      },
    },
    icon("copy"),
    text,
  );
}

/** @param {string} text a value shown as itself and copied on a click */
export const copyable = (text) => copyButton(text, text, "button.copyable");

/** @param {import("./contract.ts").Change[]} changes */
export const changeList = (changes) =>
  h(
    "ul",
    null,
    changes.map(({ field, from, to }) =>
      h(
        "li",
        { dir: "auto" },
        h("span.muted", null, has(`field.${field}`) ? t(`field.${field}`) : field),
        " ",
        h("del", null, changeValue(field, from)),
        " → ",
        h("ins", null, changeValue(field, to)),
      ),
    ),
  );

/** @param {string} field @param {unknown} value */
function changeValue(field, value) {
  if (value === null || value === undefined || value === "") return t("none");
  if (typeof value === "number") return number(value);
  if (typeof value !== "string") return JSON.stringify(value);
  if (field.endsWith("DateTime") || field === "missingSince") return date(value);
  if (field === "country") return country(value);
  if (field === "salesStage") return stageName(value);
  if (field === "dealValue" && Number.isFinite(Number(value))) return number(Number(value));
  return term(field, value);
}

/** @param {unknown} value as text or as JSON already read */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

/** @param {Company} company */
export const m365Badge = (company) =>
  company.isM365 ? badge("Microsoft 365", "m365", company.tenantId ? t("m365.hint", { tenant: company.tenantId }) : "") : null;

/** @param {Company} company */
export const reviewBadge = (company) => (company.needsReview ? badge(t("review.badge"), "amber", t("review.hint")) : null);

/** @param {Money} values */
export const moneyList = (values) => {
  const all = amounts(values);
  if (all.length === 0) return [h("span.muted", null, "–")];
  return all.map(([currency, value]) => h("span.amount", null, money(value, currency)));
};

/** Names of companies met so far: the address knows only their keys. @type {Map<string, string>} */
export const companyNames = new Map();

/** Currencies met so far, to choose from. @type {Set<string>} */
export const currencies = new Set();

/** @param {Iterable<string | null>} codes */
export function meetCurrencies(codes) {
  for (const code of codes) if (code && /^[A-Z]{3}$/.test(code)) currencies.add(code);
}

/** @param {string | null} key @param {string | null} name */
export const meetCompany = (key, name) => key && name && companyNames.set(key, name);
