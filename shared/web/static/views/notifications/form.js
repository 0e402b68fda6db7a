// The form of a subscription, new or known.

/** @import { Subscription } from "../../core/contract.ts" */
/** @import { KnownView, Wish } from "./calls.js" */

import { Problem } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { feature, may, me } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { go, listHref } from "../../core/router.js";
import { checkAll, selectField, textField } from "../../parts/forms.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { calls } from "./calls.js";
import { ownZone } from "./offers.js";

export const EVENTS = /** @type {const} */ (["new", "due", "expired", "answered", "closed", "changed", "assigned", "actionFailed"]);
/** In place of a view's id: what the list shows that the reader came from. */
const AS_LISTED = "as-listed";

/**
 * @param {Subscription | null} known
 * @param {KnownView[]} views
 * @param {string | null} listed the query of the list that the reader came from
 */
export function form(known, views, listed) {
  const operates = may("operate");
  const name = textField(t("notify.name"), { value: known?.name ?? "", hint: t("notify.name.hint") });
  const events = checks(known?.events ?? ["new", "due"]);
  const channel = selectField(t("notify.channel"), channels(operates), { value: channelOf(known) });
  const target = textField(t("notify.target"), {
    value: known && channelOf(known) !== "own" ? known.target : "",
    maxlength: 4000,
    hint: t(known ? "notify.target.kept" : "notify.target.hint"),
    fits: (value) => (channel.value() !== "own" && !value ? t("form.required") : null),
  });
  const view = selectField(t("notify.view"), viewChoices(views, listed), { value: known ? (known.viewId ?? "") : listed ? AS_LISTED : "" });
  const when = selectField(t("notify.when"), [choice("now", t("notify.when.now")), choice("daily", t("notify.when.once"))], { value: known?.when ?? "now" });
  const at = textField(t("notify.at"), { type: "time", value: known?.at ?? "08:30", required: true });
  const zone = textField(t("notify.zone"), { value: known?.timeZone ?? ownZone(), required: true });
  const days = textField(t("notify.dueDays"), {
    value: (known?.dueDays ?? [7, 3, 1, 0]).join(", "),
    hint: t("notify.dueDays.hint"),
    fits: (value) => (readDays(value) ? null : t("notify.dueDays.wrong")),
  });
  const language = selectField(t("language.label"), [choice("en", "English"), choice("tr", "Türkçe")], { value: known?.language ?? currentLanguage() });
  const fields = [name, target, at, zone, days];
  const adapt = () => {
    target.element.hidden = channel.value() === "own";
    at.element.hidden = when.value() === "now";
    days.element.hidden = !events.value().includes("due");
  };
  const message = h("p.field-error", { role: "alert" });

  /** @returns {Wish} */
  const wish = () => ({
    name: name.value(),
    events: events.value(),
    channel: channel.value() === "teams" ? "teams" : "mail",
    target: channel.value() === "own" ? (me.get()?.mail ?? "") : target.value(),
    when: when.value() === "daily" ? "daily" : "now",
    at: at.value(),
    timeZone: zone.value(),
    dueDays: readDays(days.value()) ?? [],
    language: language.value() === "tr" ? "tr" : "en",
  });

  const save = async () => {
    message.textContent = events.value().length ? "" : t("notify.events.none");
    if (!checkAll(fields) || message.textContent) return;
    try {
      const chosen = view.value();
      const viewId = chosen === AS_LISTED ? (await calls.keepView(name.value() || t("notify.unnamed"), listed ?? "")).id : chosen || null;
      if (known) await calls.change(known.id, { ...wish(), viewId });
      else await calls.create({ ...wish(), viewId });
      toast("success", t("notify.saved"));
      go(listHref("notifications"), { replace: true });
      refresh();
    } catch (error) {
      const wrongTarget = error instanceof Problem && error.code === "invalid_target";
      if (wrongTarget) target.complain(error.detail);
      else message.textContent = problemText(error);
      if (wrongTarget) target.control.focus();
    }
  };
  const element = h(
    "form.card.subscription-form",
    {
      novalidate: true,
      "data-keep": "subscription",
      oninput: adapt,
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        save();
      },
    },
    h("h2", { tabindex: -1 }, t(known ? "notify.edit.title" : "notify.new.title")),
    h("div.form-grid", null, name.element, view.element, events.element, channel.element, target.element),
    h("div.form-grid", null, when.element, at.element, zone.element, days.element, language.element),
    message,
    h(
      "div.actions",
      null,
      h("button.primary", { type: "submit", "data-focus": "save" }, t("notify.save")),
      h("a.button", { href: listHref("notifications"), "data-focus": "cancel" }, t("cancel")),
    ),
  );
  adapt();
  return element;
}

/** @param {string} value @param {string} label */
const choice = (value, label) => ({ value, label });

/** @param {boolean} operates */
const channels = (operates) => [
  choice("own", t(feature("mail") ? "notify.channel.own" : "notify.channel.ownOff", { mail: me.get()?.mail ?? "" })),
  ...(operates ? [choice("teams", t("notify.channel.teams")), choice("mail", t("notify.channel.mail"))] : []),
];

/** @param {Subscription | null} known */
function channelOf(known) {
  if (!known) return "own";
  if (known.channel === "teams") return "teams";
  return known.target.toLowerCase() === me.get()?.mail.toLowerCase() ? "own" : "mail";
}

/** @param {KnownView[]} views @param {string | null} listed */
const viewChoices = (views, listed) => [
  choice("", t("notify.view.all")),
  ...(listed ? [choice(AS_LISTED, t("notify.view.listed"))] : []),
  ...views.map(({ id, name }) => choice(id, name)),
];

/** @param {string} text days left, separated by commas @returns {number[] | null} null where it can't be read */
function readDays(text) {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const days = parts.map(Number);
  return days.every((day) => Number.isInteger(day) && day >= 0 && day <= 365) && days.length <= 20 ? days : null;
}

/** @param {readonly string[]} chosen */
function checks(chosen) {
  const boxes = EVENTS.map((event) => {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", name: "event", value: event, checked: chosen.includes(event) }));
    return { event, box };
  });
  const element = h(
    "fieldset.field.wide.checks",
    null,
    h("legend", null, t("notify.events")),
    boxes.map(({ event, box }) => h("label.check", null, box, h("span", null, t(`notify.event.${event}`)), h("span.sub", null, t(`notify.event.${event}.hint`)))),
  );
  return { element, value: () => boxes.filter(({ box }) => box.checked).map(({ event }) => event) };
}
