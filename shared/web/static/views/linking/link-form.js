// Linking a referral to a company by hand: one that is known, or a new one.

/** @import { Referral } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { companySearch } from "./company-search.js";

/**
 * Links referrals, one after the other, and says how it went.
 * @param {string[]} ids
 * @param {{ key: string | null } | { domain: string, name: string }} target
 * @param {string} name of the company
 */
export async function linkAll(ids, target, name) {
  try {
    for (const id of ids) await api.link(id, target);
    toast("success", t("link.done", { n: ids.length, name }));
    return true;
  } catch (error) {
    toast("error", t("link.failed"), { detail: problemText(error) });
    return false;
  }
}

/**
 * @param {Pick<Referral, "id" | "customerName">} referral
 * @param {{ done: () => void, cancel: () => void }} then
 */
export function linkForm(referral, then) {
  const search = companySearch(referral.customerName ?? "", async (company) => {
    if (await linkAll([referral.id], { key: company.key }, company.name ?? company.key)) then.done();
  });
  /** @param {string} name @param {string} label @param {string | null} value @param {Record<string, unknown>} [more] */
  const field = (name, label, value, more) =>
    h("label.field", null, label, h("input", { name, value, required: true, maxlength: 200, autocomplete: "off", ...more }));
  const form = h(
    "form.link-form",
    {
      onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
        const target = { domain: String(data.get("domain")).trim(), name: String(data.get("name")).trim() };
        if (await linkAll([referral.id], target, target.name)) then.done();
      },
    },
    h("p.strong", null, t("link.title")),
    search.input,
    search.results,
    h(
      "details",
      { id: "link-new" },
      h("summary", null, t("link.new")),
      h(
        "div.row",
        null,
        field("name", t("link.name"), referral.customerName),
        field("domain", t("link.domain"), null, { placeholder: "contoso.com", spellcheck: "false", autocapitalize: "none" }),
        h("button.primary", { type: "submit" }, t("link.create")),
      ),
    ),
    h("button.small", { type: "button", onclick: then.cancel }, t("cancel")),
  );
  requestAnimationFrame(search.begin);
  return form;
}
