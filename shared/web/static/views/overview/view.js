// The first view: what waits for an answer, what is open and won, and how it develops.

/** @import { Summary } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { totals } from "../../parts/known.js";
import { CARDS } from "./cards.js";

/** @type {import("../index.js").ViewModule<Summary>} */
export const view = {
  load: async (_route, signal) => {
    const summary = await api.summary(signal);
    totals["referrals"] = summary.total;
    totals["companies"] = summary.companies.total;
    return summary;
  },
  show: (root, summary) => {
    const open = root.querySelector("details[open]") !== null;
    show(
      root,
      h("h1.hidden", { id: "title", tabindex: -1 }, t("nav.overview")),
      h("div.overview", null, CARDS.map((card) => card(summary, open))),
    );
  },
  version: (summary) => summary.dataVersion,
  around: (summary) => summary.unanswered.next.map(({ id }) => id),
};
