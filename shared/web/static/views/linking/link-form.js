// Linking a referral to a company by hand: one that is known, or a new one.

/** @import { Company, Referral } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { find, h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";

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
  const results = h("ul.results", { "aria-label": t("link.results") });
  const search = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", autocomplete: "off", value: referral.customerName ?? "", "aria-label": t("link.search"), placeholder: t("link.search"), maxlength: 200 })
  );
  let timer = 0;
  let latest = 0;
  const look = async () => {
    const q = search.value.trim();
    const turn = ++latest;
    if (!q) return show(results);
    try {
      const found = await api.companies(new URLSearchParams({ q, pageSize: "6" }));
      if (turn === latest) show(results, ...offers(found.items));
    } catch (error) {
      if (turn === latest) show(results, h("li.muted", null, problemText(error)));
    }
  };
  /** @param {Company[]} companies */
  const offers = (companies) =>
    companies.length === 0
      ? [h("li.muted", null, t("link.nothing"))]
      : companies.map((company) =>
          h(
            "li",
            null,
            h(
              "button",
              {
                type: "button",
                onclick: async () => {
                  if (await linkAll([referral.id], { key: company.key }, company.name ?? company.key)) then.done();
                },
              },
              h("span.strong", { dir: "auto" }, company.name ?? company.key),
              h("span.sub", null, company.domain ?? t("company.noDomain")),
            ),
          ),
        );
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 180);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
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
    search,
    results,
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
  look();
  requestAnimationFrame(() => find("input", form).focus());
  return form;
}
