// Looking for a company by name: a field, and the companies found as buttons.

/** @import { Company } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";

const WAIT_MS = 180;
const SHOWN = 6;

/**
 * @param {string} value to begin with
 * @param {(company: Company) => void} choose
 * @param {string | null} [except] the key of a company that is not offered
 */
export function companySearch(value, choose, except = null) {
  const results = h("ul.results", { "aria-label": t("link.results") });
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", autocomplete: "off", value, "aria-label": t("link.search"), placeholder: t("link.search"), maxlength: 200 })
  );
  let timer = 0;
  let latest = 0;
  const look = async () => {
    const q = input.value.trim();
    const turn = ++latest;
    if (!q) return show(results);
    try {
      const { items } = await api.companies(new URLSearchParams({ q, pageSize: String(SHOWN + 1) }));
      if (turn === latest) show(results, ...offers(items.filter(({ key }) => key !== except).slice(0, SHOWN), choose));
    } catch (error) {
      if (turn === latest) show(results, h("li.muted", null, problemText(error)));
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  look();
  return { input, results, begin: () => input.focus() };
}

/** @param {Company[]} companies @param {(company: Company) => void} choose */
const offers = (companies, choose) =>
  companies.length === 0
    ? [h("li.muted", null, t("link.nothing"))]
    : companies.map((company) =>
        h(
          "li",
          null,
          h(
            "button",
            { type: "button", onclick: () => choose(company) },
            h("span.strong", { dir: "auto" }, company.name ?? company.key),
            h("span.sub", null, company.domain ?? t("company.noDomain")),
          ),
        ),
      );
