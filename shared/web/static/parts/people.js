// People: how to reach them. Numbers and addresses are links, and beside each is a button that copies it.

/** @import { Person } from "../core/contract.ts" */

import { h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { copy } from "./copy.js";
import { section } from "./facts.js";
import { fullName } from "./values.js";

/**
 * @param {string} title
 * @param {Person[] | null | undefined} persons
 * @param {{ nobody: string, subject?: string | null, more?: (person: Person) => Node | null }} about subject: of a mail to them
 */
export const people = (title, persons, { nobody, subject = null, more }) =>
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
              person.email ? contact(person.email, mailto(person.email, subject), t("person.write", { name: person.email })) : null,
              person.phoneNumber ? contact(person.phoneNumber, dial(person.phoneNumber), t("person.call", { number: person.phoneNumber })) : null,
              more?.(person) ?? null,
            ),
          ),
        )
      : h("p.muted", null, nobody),
  ]);

/** @param {string} text @param {string | null} address @param {string} label */
const contact = (text, address, label) =>
  h(
    "span.contact",
    null,
    address ? h("a", { href: address, title: label }, text) : h("span", null, text),
    h(
      "button.plain",
      { type: "button", "aria-label": t("copy.hint", { what: text }), title: t("copy.hint", { what: text }), onclick: () => copy(text) },
      icon("copy"),
    ),
  );

/** @param {string} mail @param {string | null} subject */
function mailto(mail, subject) {
  if (!/^[^\s@]+@[^\s@]+$/.test(mail)) return null;
  return `mailto:${encodeURIComponent(mail).replace("%40", "@")}${subject ? `?subject=${encodeURIComponent(subject)}` : ""}`;
}

/** @param {string} number */
function dial(number) {
  const digits = number.replace(/[^\d+]/g, "").replace(/(?!^)\+/g, "");
  return digits.replace(/\D/g, "").length >= 3 ? `tel:${digits}` : null;
}
