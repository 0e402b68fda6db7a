// Renaming a company and merging it into another: the buttons, and the form that takes their place.

/** @import { Company, CompanyDetail } from "../../core/contract.ts" */

import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { companyHref, go } from "../../core/router.js";
import { textField } from "../../parts/forms.js";
import { companySearch } from "../linking/company-search.js";
import { merge, part, rename } from "./calls.js";
import { backToOwnName, said } from "./said.js";

/** @param {CompanyDetail} company */
export function editing(company) {
  if (!may("write")) return null;
  const box = h("div.link-place", { "data-keep": "company-edit" });
  /** @param {boolean} busy @param {...(Node | null)} content */
  const fill = (busy, ...content) => {
    box.toggleAttribute("data-busy", busy);
    show(box, ...content);
  };
  /** @param {string} name @param {(close: () => void) => { form: HTMLElement, begin: () => void }} build */
  const opener = (name, build) => {
    const button = h("button.small", { type: "button", "data-focus": `company-${name}` }, t(`edit.${name}`));
    button.addEventListener("click", () => {
      const { form, begin } = build(() => {
        fill(false, ...buttons);
        button.focus();
      });
      fill(true, form);
      begin();
    });
    return button;
  };
  const buttons = [
    opener("rename", (close) => renameForm(company, close)),
    // A company that has others in it has to stay: to merge it as well would make a chain.
    company.merged.length === 0 ? opener("merge", (close) => mergeForm(company, close)) : null,
  ].filter((button) => button !== null);
  fill(false, ...buttons);
  return box;
}

/** @param {CompanyDetail} company @param {() => void} close */
function renameForm(company, close) {
  const name = textField(t("edit.name"), { name: "name", value: company.name, maxlength: 300, required: true });
  const form = h(
    "form.link-form",
    {
      novalidate: true,
      onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (!name.check()) return name.control.focus();
        const done = await said(() => rename(company.key, name.value()), t("edit.renamed", { name: name.value() }), () => backToOwnName(company.key));
        if (!done) return;
        close();
        refresh();
      },
    },
    h("p.strong", null, t("edit.rename.title")),
    name.element,
    h(
      "div.row",
      null,
      h("button.primary.small", { type: "submit" }, t("edit.save")),
      h("button.small", { type: "button", onclick: close }, t("cancel")),
    ),
  );
  const begin = () => {
    name.control.focus();
    /** @type {HTMLInputElement} */ (name.control).select();
  };
  return { form, begin };
}

/** @param {CompanyDetail} company @param {() => void} close */
function mergeForm(company, close) {
  const name = company.name || company.key;
  const undo = async () => {
    if (await said(() => part(company.key), t("edit.parted", { name }))) go(companyHref(company.key), { replace: true });
  };
  /** @param {Company} other */
  const choose = async (other) => {
    if (!(await said(() => merge(company.key, other.key), t("edit.merged", { name: other.name ?? other.key }), undo))) return;
    close();
    go(companyHref(other.key), { replace: true });
  };
  const search = companySearch("", choose, company.key);
  const form = h(
    "div.link-form",
    { role: "group", "aria-labelledby": "merge-title" },
    h("p.strong", { id: "merge-title" }, t("edit.merge.title")),
    h("p.sub", null, t("edit.merge.text")),
    search.input,
    search.results,
    h("button.small", { type: "button", onclick: close }, t("cancel")),
  );
  return { form, begin: search.begin };
}
