// The people of a referral: the customer's, and ours.

/** @import { Person, ReferralDetail } from "../../core/contract.ts" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { copyable } from "../../parts/copy.js";
import { section } from "../../parts/facts.js";
import { fullName } from "../../parts/values.js";

/** @param {ReferralDetail} referral */
export const contacts = ({ contacts: persons }) => people(t("detail.contacts"), persons, t("detail.contacts.none"));

/** @param {ReferralDetail} referral */
export const team = ({ team: persons }) => people(t("detail.team"), persons, t("detail.team.none"));

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
