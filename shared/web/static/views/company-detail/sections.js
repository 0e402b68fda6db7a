// What the dialog of a company shows, from top to bottom. A room that brings a section or a button adds a line here.

/** @import { CompanyDetail } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { copyButton } from "../../parts/copy.js";
import { allHref, contacts, figuresAndFacts, history, referrals } from "./facts.js";
import { review } from "./review.js";

/** @typedef {(company: CompanyDetail) => Node | null} Section null where there is nothing to show */

/** Small buttons under the title. @type {Section[]} */
export const TOOLS = [
  (company) => h("a.button.primary", { href: allHref(company) }, t("company.list", { n: company.referralCount })),
  ({ domain }) => (domain ? copyButton(t("copy.domain"), domain) : null),
  ({ name }) => copyButton(t("copy.name"), name || t("unnamed.company")),
];

/** @type {Section[]} */
export const SECTIONS = [review, figuresAndFacts, contacts, referrals, history];
