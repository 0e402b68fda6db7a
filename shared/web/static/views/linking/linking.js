// Which company a referral belongs to: what a person may do about it.

/** @import { ReferralDetail } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h, icon, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { linkForm } from "./link-form.js";

/** @param {ReferralDetail} referral */
export function linking(referral) {
  if (!may("write")) return null;
  const box = h("div.link-place", { "data-keep": "link-place" });
  /** @param {boolean} busy @param {...(Node | null)} content */
  const fill = (busy, ...content) => {
    box.toggleAttribute("data-busy", busy);
    show(box, ...content);
  };
  const begin = h(
    "button.small",
    {
      type: "button",
      "data-focus": "link-company",
      onclick: () =>
        fill(
          true,
          linkForm(referral, {
            done: () => {
              fill(false);
              refresh();
            },
            cancel: () => fill(false, begin, back),
          }),
        ),
    },
    icon("link"),
    t("link.begin"),
  );
  const back = referral.linkedByHand
    ? h(
        "button.small",
        {
          type: "button",
          "data-focus": "link-derived",
          onclick: async () => {
            try {
              await api.link(referral.id, { key: null });
              toast("success", t("link.undone"));
              refresh();
            } catch (error) {
              toast("error", t("link.failed"), { detail: problemText(error) });
            }
          },
        },
        t("link.derived"),
      )
    : null;
  fill(false, begin, back);
  return box;
}
