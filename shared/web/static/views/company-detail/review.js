// A domain that collects differently named customers: each name is settled with one click, kept here or moved to its own company.

/** @import { Company, CompanyDetail, Referral } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h, icon, show } from "../../core/dom.js";
import { collate, fold } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { linkAll } from "../linking/link-form.js";

/** @param {CompanyDetail} company */
export function review(company) {
  if (!company.needsReview || !may("write")) return null;
  /** @type {Map<string, [string, Referral[]]>} */
  const groups = new Map();
  for (const referral of company.referrals) {
    if (referral.linkedByHand) continue;
    const name = referral.customerName || t("unnamed.company");
    const key = fold(name);
    groups.set(key, [groups.get(key)?.[0] ?? name, [...(groups.get(key)?.[1] ?? []), referral]]);
  }
  const rows = [...groups.values()].sort((a, b) => b[1].length - a[1].length || collate(a[0], b[0]));
  return h(
    "div.notice.warn.review",
    null,
    icon("warning"),
    h(
      "div",
      null,
      h("p.strong", null, t("review.title")),
      h("p", null, t("review.text", { domain: company.domain ?? company.key })),
      h("ul", null, rows.map(([name, referrals]) => group(company, name, referrals))),
    ),
  );
}

/**
 * @param {CompanyDetail} company
 * @param {string} name
 * @param {Referral[]} referrals
 */
function group(company, name, referrals) {
  const ids = referrals.map(({ id }) => id);
  /** @param {{ key: string } | { domain: string, name: string }} target @param {string} to */
  const move = async (target, to) => {
    if (await linkAll(ids, target, to)) refresh();
  };
  const others = h("span.others");
  const row = h(
    "li",
    null,
    h("span.grow", { dir: "auto" }, name, " ", h("span.muted", null, t("review.count", { n: ids.length }))),
    h("button.small", { type: "button", onclick: () => move({ key: company.key }, company.name ?? company.key) }, t("review.keep")),
    others,
    h(
      "details.new",
      null,
      h("summary.button.small", null, t("review.move")),
      h(
        "form.row",
        {
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            const domain = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("domain")).trim();
            move({ domain, name }, name);
          },
        },
        h("label.field", null, t("link.domain"), h("input", { name: "domain", required: true, placeholder: "contoso.com", autocomplete: "off", maxlength: 200 })),
        h("button.primary", { type: "submit" }, t("link.create")),
      ),
    ),
  );
  suggest(company, name).then(
    (found) =>
      show(
        others,
        ...found.map((other) =>
          h("button.small", { type: "button", onclick: () => move({ key: other.key }, other.name ?? other.key) }, t("review.to", { name: other.domain ?? other.name ?? other.key })),
        ),
      ),
    () => undefined,
  );
  return row;
}

/** Companies of the same name elsewhere. @param {Company} company @param {string} name */
async function suggest(company, name) {
  const { items } = await api.companies(new URLSearchParams({ q: name, pageSize: "3" }));
  return items.filter(({ key, needsReview }) => key !== company.key && !needsReview).slice(0, 1);
}
