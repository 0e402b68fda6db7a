// The same with many: what the bar of ticked rows offers.

/** @import { BulkAction, Ticked } from "../list/bulk.js" */
/** @import { Kind } from "./words.js" */

import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { feature, may } from "../../core/me.js";
import { go, listHref } from "../../core/router.js";
import { problemText } from "../../parts/problems.js";
import { actOnMany } from "./calls.js";
import { actionForm } from "./form.js";

/** @type {Kind[]} */
const OFFERED = ["accept", "decline", "win", "lose", "update"];
const NOTHING = {
  dealValue: null, currency: null, closingDateTime: null, salesStage: null, campaignId: null,
  externalReferenceId: null, notes: null, team: [], createdDateTime: null,
};

/** @type {BulkAction} */
export const bulkActions = {
  list: "referrals",
  when: () => may("write") && feature("write"),
  build: (ticked) =>
    h(
      "div.actions",
      { role: "group", "aria-label": t("act.title") },
      OFFERED.map((kind) =>
        h(
          kind === "accept" ? "button.primary.small" : "button.small",
          { type: "button", "data-focus": `bulk-${kind}`, onclick: () => ask(kind, ticked) },
          t(`act.${kind}`),
        ),
      ),
    ),
};

/** Asks for what belongs to it, and begins. @param {Kind} kind @param {Ticked} ticked */
function ask(kind, { ids, clear }) {
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog.bulk-dialog", { "aria-labelledby": "bulk-title" }));
  const { form, focus } = actionForm(kind, { ...NOTHING, ...(kind === "win" ? { dealValue: null } : {}) }, {
    many: ids.length,
    cancel: () => dialog.close(),
    send: async (wish) => {
      try {
        const batch = await actOnMany(ids, wish);
        dialog.close();
        clear();
        go(listHref("activity", { batch: batch.id }));
      } catch (error) {
        throw new Error(problemText(error), { cause: error });
      }
    },
  });
  dialog.append(
    h("h2", { id: "bulk-title" }, t("act.many", { what: t(`act.${kind}`), n: ids.length })),
    h("p.sub", null, t("act.many.hint")),
    form,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  focus();
}
