// What somebody else changed meanwhile: what the reader saw, what it is now, what the reader wanted.

/** @import { Action, Ask, ReferralDetail } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { shownValue } from "./words.js";

/**
 * @param {Action} action
 * @param {{ theirs: () => void, mine: (ask: Ask) => void }} then
 */
export function conflictBox(action, { theirs, mine }) {
  const moved = action.conflicts.some(({ field }) => field === "status");
  return h(
    "div.conflict",
    { role: "alert" },
    h("p.strong", null, t("conflict.title")),
    h("p", null, t(moved ? "conflict.moved" : "conflict.text")),
    h(
      "table.compare",
      null,
      h("thead", null, h("tr", null, ["field", "seen", "theirs", "yours"].map((name) => h("th", { scope: "col" }, t(`conflict.${name}`))))),
      h(
        "tbody",
        null,
        action.conflicts.map(({ field, seen, theirs: now, yours }) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, t(`act.field.${field}`)),
            [["seen", seen], ["theirs", now], ["yours", yours]].map(([name, value]) =>
              h("td", { "data-label": t(`conflict.${String(name)}`), dir: "auto" }, shownValue(field, value)),
            ),
          ),
        ),
      ),
    ),
    h(
      "div.actions",
      null,
      h("button.primary", { type: "button", "data-focus": "conflict-theirs", onclick: theirs }, t("conflict.take")),
      moved
        ? null
        : h(
            "button",
            { type: "button", "data-focus": "conflict-mine", onclick: async () => mine(askAgain(action, await api.referral(action.referralId))) },
            t("conflict.mine"),
          ),
    ),
  );
}

/** The same wish, made by somebody who has seen what is there now. @param {Action} action @param {ReferralDetail} now @returns {Ask} */
function askAgain({ action, changes, reason, remark, conflicts }, now) {
  /** @type {Record<string, unknown>} */
  const seen = { status: now.status, substatus: now.substatus };
  for (const field of Object.keys(changes)) if (field in now && field !== "team") seen[field] = now[/** @type {keyof ReferralDetail} */ (field)];
  if ("dealValue" in changes || "currency" in changes) Object.assign(seen, { dealValue: now.dealValue, currency: now.currency });
  for (const { field, theirs } of conflicts) seen[field] = theirs;
  return { action, changes, reason, remark, seen };
}
