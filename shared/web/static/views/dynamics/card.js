// The card of Dynamics 365 in the dialog of a referral: its record, what went wrong, and what can be done.

/** @import { CrmDifference, CrmLink, ReferralDetail } from "../../core/contract.ts" */
/** @import { Wish } from "./calls.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { feature, may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { badge } from "../../parts/badges.js";
import { facts, section } from "../../parts/facts.js";
import { toast } from "../../parts/toasts.js";
import { ago } from "../../parts/values.js";
import { TONES } from "./badge.js";
import { calls } from "./calls.js";
import { errorText, fieldName, fieldValue, refusedText } from "./words.js";

/** @param {ReferralDetail} referral */
export function crmCard(referral) {
  const link = referral.dynamics;
  if (!feature("dynamics")) return null;
  return section(t("crm.section"), [
    link ? known(link) : h("p.muted", null, t("crm.nothing")),
    link?.error ? h("p.error", { dir: "auto" }, errorText(link.error)) : null,
    differences(referral.differences ?? []),
    link?.error?.candidates && mayAct() ? candidates(referral.id, link) : null,
    mayAct() ? buttons(referral.id, link) : null,
    mayAct() ? linkForm(referral.id) : null,
  ], ".crm");
}

const mayAct = () => may("write") && feature("dynamics");

/** @param {CrmLink} link */
const known = (link) =>
  facts([
    [t("column.status"), badge(t(`crm.state.${link.state}`), TONES[link.state])],
    [t("crm.record"), link.url && link.table ? record(link.url, t(`crm.table.${link.table}`)) : null],
    [t("crm.synced"), link.syncedAt && ago(link.syncedAt)],
    [t("crm.next"), link.error?.nextAt && ago(link.error.nextAt)],
  ]);

/** What the two sides hold differently, as of the last look. @param {CrmDifference[]} rows */
function differences(rows) {
  if (rows.length === 0) return null;
  const heads = ["field", "crm", "partnerCenter", "agreed", "then"].map((name) => t(`crm.difference.${name}`));
  return h(
    "div",
    { role: "group", "aria-label": t("crm.differences") },
    h("p.strong", null, t("crm.differences")),
    h(
      "table.compare.differences",
      null,
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
      h(
        "tbody",
        null,
        rows.map(({ field, crm, partnerCenter, agreed, goesTo }) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, fieldName(field)),
            [fieldValue(field, crm), fieldValue(field, partnerCenter), fieldValue(field, agreed), t(`crm.goes.${goesTo ?? "nowhere"}`)].map((text, place) =>
              h("td", { "data-label": heads[place + 1], dir: "auto" }, text),
            ),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} url @param {string} table */
const record = (url, table) =>
  h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: t("crm.open") }, table, " ", icon("external"));

/** @param {string} id @param {CrmLink | null} link */
function buttons(id, link) {
  const wrong = link?.state === "failed" || link?.state === "conflict";
  return h(
    "div.actions",
    null,
    button("push", t("crm.push"), t("crm.push.hint"), () => act(id, "push")),
    wrong ? button("retry", t("crm.retry"), "", () => act(id, "retry")) : null,
    link && link.state !== "ignored" ? button("ignore", t("crm.ignore"), t("crm.ignore.hint"), () => act(id, "ignore")) : null,
    link ? button("unlink", t("crm.unlink"), t("crm.unlink.hint"), () => act(id, "unlink")) : null,
  );
}

/** @param {string} name @param {string} label @param {string} hint @param {() => void} run */
const button = (name, label, hint, run) =>
  h("button.small", { type: "button", "data-focus": `crm-${name}`, title: hint || undefined, onclick: run }, label);

/** @param {string} id @param {CrmLink} link */
const candidates = (id, link) =>
  h(
    "div",
    { role: "group", "aria-label": t("crm.candidates") },
    h("p.strong", null, t("crm.candidates")),
    h(
      "ul",
      null,
      (link.error?.candidates ?? []).map((each) =>
        h(
          "li",
          null,
          record(each.url, each.name || each.id),
          " ",
          h(
            "button.small",
            {
              type: "button",
              "data-focus": `crm-${each.id}`,
              onclick: () => act(id, "push", each.table === "account" ? { accountId: each.id } : { contactId: each.id }),
            },
            t("crm.choose"),
          ),
        ),
      ),
    ),
  );

/** @param {string} id */
function linkForm(id) {
  const field = h("input", {
    type: "text", name: "record", "aria-label": t("crm.link.id"), placeholder: t("crm.link.id"), dir: "ltr", spellcheck: "false",
  });
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const found = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i.exec(/** @type {HTMLInputElement} */ (field).value);
    act(id, "link", { recordId: found?.[0] ?? /** @type {HTMLInputElement} */ (field).value.trim() });
  };
  return h(
    "details",
    null,
    h("summary", { "data-focus": "crm-link" }, t("crm.link")),
    h("form", { onsubmit: send }, h("p.muted", null, t("crm.link.hint")), field, " ", h("button.small", { type: "submit" }, t("crm.link.save"))),
  );
}

let busy = false;

/** @param {string} id @param {Wish} wish @param {object} [more] */
async function act(id, wish, more = {}) {
  if (busy) return;
  busy = true;
  try {
    const { dynamics } = await calls.act(id, wish, more);
    const wrong = dynamics && (dynamics.state === "failed" || dynamics.state === "conflict");
    if (wrong) toast("error", t("crm.failed"), { detail: dynamics.error ? errorText(dynamics.error) : "" });
    else toast("success", t(`crm.done.${wish}`));
  } catch (error) {
    toast("error", t("crm.failed"), { detail: refusedText(error) });
  } finally {
    busy = false;
    refresh();
  }
}
