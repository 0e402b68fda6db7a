// One referral in the dialog.

/** @import { Named, Person, ReferralDetail } from "./contract.ts" */

import { api } from "./api.js";
import { h, icon, show } from "./dom.js";
import { date, dateTime, money, relative, t, term } from "./i18n.js";
import {
  amount, badge, categoryBadge, changeList, copyable, copyButton, deadlineBadge, fullName, marks, place, pretty, stageName,
  statusBadge,
} from "./labels.js";
import { linkForm } from "./link-form.js";
import { problemText, toast } from "./messages.js";
import { companyHref, referralHref } from "./route.js";
import { facts, fillSheet, section } from "./sheet.js";

/** Longer notes are cut until asked for: strangers can write hundreds of kilobytes. */
const NOTES_SHOWN = 1500;
const PARTNER_CENTER = "https://partner.microsoft.com/dashboard/referrals/";

/**
 * @param {string} name of the sheet
 * @param {ReferralDetail} referral
 * @param {{ previous: string | null, next: string | null, refresh: () => void }} around
 */
export function showReferral(name, referral, around) {
  const company = referral.companyName ?? referral.customerName;
  const mail = referral.contacts?.find((person) => person.email)?.email ?? null;
  fillSheet(
    name,
    {
      over: referral.companyKey
        ? h("a", { href: companyHref(referral.companyKey), dir: "auto" }, company ?? t("unnamed.company"))
        : h("span", { dir: "auto" }, company ?? t("unnamed.company")),
      title: referral.name || t("unnamed.referral"),
      steps: [step(around.previous, "left", "detail.previous"), step(around.next, "right", "detail.next")],
      badges: [
        categoryBadge(referral.category),
        statusBadge(referral.status, referral.substatus),
        referral.direction ? badge(term("direction", referral.direction), "plain") : null,
        deadlineBadge(referral.expiresInDays, referral.expirationDateTime),
        referral.linkedByHand ? badge(t("linked.badge"), "violet", t("linked.hint")) : null,
        marks({ ...referral, problems: [] })[0] ?? null,
      ],
      actions: [
        h(
          "a.button.primary",
          { href: PARTNER_CENTER + encodeURIComponent(referral.id), target: "_blank", rel: "noopener noreferrer" },
          t("detail.open"),
          icon("external"),
        ),
        mail ? copyButton(t("copy.mail"), mail) : null,
        referral.companyKey?.includes(".") ? copyButton(t("copy.domain"), referral.companyKey) : null,
        referral.dealValue === null ? null : copyButton(t("copy.value"), money(referral.dealValue, referral.currency)),
        copyButton(t("copy.id"), referral.id),
        h("button.small", { type: "button", onclick: () => print() }, icon("print"), t("detail.print")),
      ],
    },
    problems(referral),
    h(
      "div.columns",
      null,
      section(t("detail.deal"), [deal(referral)]),
      section(t("detail.customer"), [customer(referral), linking(referral, around.refresh)]),
    ),
    people(t("detail.contacts"), referral.contacts, t("detail.contacts.none")),
    wishes(referral),
    referral.notes ? section(t("detail.notes"), notes(referral.notes)) : null,
    people(t("detail.team"), referral.team, t("detail.team.none")),
    related(referral),
    timeline(referral),
    section(t("detail.ids"), [identifiers(referral)]),
    raw(referral),
  );
}

/** @param {string | null} id @param {string} look @param {string} label */
const step = (id, look, label) =>
  id
    ? h("a.plain", { href: referralHref(id), "data-replace": true, "aria-label": t(label), title: t(label), "data-focus": label }, icon(look))
    : null;

/** @param {ReferralDetail} referral */
function problems(referral) {
  if (!referral.problems?.length) return null;
  return h(
    "div.notice.warn",
    null,
    icon("warning"),
    h(
      "div",
      null,
      h("p.strong", null, t("problems.title", { n: referral.problems.length })),
      h("ul", null, referral.problems.map(({ field, reason }) => h("li", { dir: "auto" }, h("code", null, field), ` ${term("problem", reason)}`))),
    ),
  );
}

/** @param {ReferralDetail} referral */
const deal = (referral) =>
  facts([
    [t("column.value"), referral.dealValue === null ? null : amount(referral.dealValue, referral.currency)],
    [t("detail.stage"), referral.salesStage && stageName(referral.salesStage)],
    [t("detail.closing"), date(referral.closingDateTime)],
    [t("detail.expires"), dateTime(referral.expirationDateTime)],
    [t("detail.created"), dateTime(referral.createdDateTime)],
    [t("detail.updated"), dateTime(referral.updatedDateTime)],
    [t("detail.accepted"), dateTime(referral.acceptedDateTime)],
    [t("detail.closed"), dateTime(referral.closedDateTime)],
    [t("detail.reason"), referral.statusReason],
    [
      t("detail.type"),
      [referral.type && term("type", referral.type), referral.qualification && term("qualification", referral.qualification)]
        .filter(Boolean)
        .join(" · "),
    ],
    [t("detail.source"), referral.referralSource],
  ]);

/** @param {ReferralDetail} referral */
const identifiers = (referral) =>
  facts([
    [t("detail.id"), copyable(referral.id)],
    [t("detail.engagement"), referral.engagementId && copyable(referral.engagementId)],
    [t("detail.crm"), referral.externalReferenceId && copyable(referral.externalReferenceId)],
    [t("detail.campaign"), referral.campaignId && copyable(referral.campaignId)],
  ]);

/** @param {ReferralDetail} referral */
const customer = (referral) =>
  facts([
    [t("column.company"), referral.companyName],
    [t("detail.customerName"), referral.customerName !== referral.companyName && referral.customerName],
    [t("detail.domain"), referral.companyKey?.includes(".") && copyable(referral.companyKey)],
    [t("column.country"), place(referral.country, referral.city)],
  ]);

/** @param {ReferralDetail} referral @param {() => void} refresh */
function linking(referral, refresh) {
  const box = h("div.link-place");
  const begin = h(
    "button.small",
    {
      type: "button",
      "data-focus": "link-company",
      onclick: () => show(box, linkForm(referral, { done: refresh, cancel: () => show(box, begin, back) })),
    },
    icon("link"),
    t("link.begin"),
  );
  const back = referral.linkedByHand
    ? h(
        "button.small",
        {
          type: "button",
          "data-focus": "link-derived",
          onclick: async () => {
            try {
              await api.link(referral.id, { key: null });
              toast("success", t("link.undone"));
              refresh();
            } catch (error) {
              toast("error", t("link.failed"), { detail: problemText(error) });
            }
          },
        },
        t("link.derived"),
      )
    : null;
  show(box, begin, back);
  return box;
}

/** @param {string} title @param {Person[] | null} persons @param {string} nobody */
const people = (title, persons, nobody) =>
  section(title, [
    persons?.length
      ? h(
          "ul.people",
          null,
          persons.map((person) =>
            h(
              "li",
              { dir: "auto" },
              h("span.strong", null, fullName(person) || t("person.unnamed")),
              person.title ? h("span.sub", null, person.title) : null,
              person.email
                ? h(
                    "span.contact",
                    null,
                    copyable(person.email),
                    h(
                      "a.plain",
                      { href: `mailto:${person.email}`, "aria-label": t("person.write", { name: person.email }), title: t("person.write", { name: person.email }) },
                      icon("mail"),
                    ),
                  )
                : null,
              person.phoneNumber ? h("span.contact", null, copyable(person.phoneNumber)) : null,
            ),
          ),
        )
      : h("p.muted", null, nobody),
  ]);

/** A name, or else an id made readable: "Dynamics365Business" is "Dynamics 365 Business". @param {Named | string} item */
function itemName(item) {
  if (typeof item === "object" && item.name) return item.name;
  const id = String((typeof item === "string" ? item : item.id) ?? "–");
  return /^[A-Z][A-Za-z]+[A-Za-z\d,()]*$/.test(id) ? id.replace(/([a-z])([A-Z\d])|(\d)(?=[A-Z][a-z])/g, "$1$3 $2") : id;
}

/** @param {ReferralDetail} referral */
function wishes(referral) {
  /** @param {"solutions" | "industries" | "products" | "services"} kind @returns {[string, Node | null]} */
  const list = (kind) => [
    t(`detail.${kind}`),
    referral[kind]?.length
      ? h("ul.chips", null, referral[kind].map((item) => h("li", { dir: "auto" }, itemName(item))))
      : null,
  ];
  const lists = [list("solutions"), list("industries"), list("products"), list("services")];
  return lists.some(([, chips]) => chips) ? section(t("detail.wishes"), [facts(lists)]) : null;
}

/** @param {string} text */
function notes(text) {
  const shown = h("p.notes", { dir: "auto" }, text.length > NOTES_SHOWN ? `${text.slice(0, NOTES_SHOWN)}…` : text);
  if (text.length <= NOTES_SHOWN) return [shown];
  const more = h(
    "button.small",
    {
      type: "button",
      onclick: () => {
        shown.textContent = text;
        more.remove();
      },
    },
    t("detail.notes.all", { n: text.length }),
  );
  return [shown, more];
}

/** @param {ReferralDetail} referral */
const related = ({ related: others }) =>
  others?.length
    ? section(t("detail.related"), [
        h(
          "ul.rows",
          null,
          others.map((other) =>
            h(
              "li",
              null,
              h("a", { href: referralHref(other.id), dir: "auto" }, other.name || t("unnamed.referral")),
              h("span.muted", null, [other.organizationName, other.direction && term("direction", other.direction)].filter(Boolean).join(" · ")),
              statusBadge(other.status, null),
            ),
          ),
        ),
      ])
    : null;

/** @param {ReferralDetail} referral */
const timeline = (referral) =>
  section(t("detail.history"), [
    h(
      "ol.timeline",
      null,
      referral.history?.map(({ at, changes }) =>
        h("li", null, h("time", { datetime: at, title: dateTime(at) }, relative(at)), changeList(changes)),
      ),
      referral.createdDateTime
        ? h(
            "li",
            null,
            h("time", { datetime: referral.createdDateTime, title: dateTime(referral.createdDateTime) }, relative(referral.createdDateTime)),
            h("p", null, t("detail.created")),
          )
        : null,
    ),
  ]);

/** @param {ReferralDetail} referral */
function raw(referral) {
  const body = h("div");
  const details = h(
    "details.part.raw",
    {
      id: "raw",
      ontoggle: async (/** @type {Event} */ event) => {
        if (!(/** @type {HTMLDetailsElement} */ (event.target).open) || body.childElementCount) return;
        show(body, h("p.muted", null, t("loading")));
        try {
          const text = pretty(await api.raw(referral.id));
          show(body, copyButton(t("copy.raw"), text), h("pre", { tabindex: 0, "aria-label": t("detail.raw"), role: "region" }, text));
        } catch (error) {
          show(body, h("p.error", null, problemText(error)));
        }
      },
    },
    h("summary", { "data-focus": "raw" }, t("detail.raw")),
    body,
  );
  return details;
}
