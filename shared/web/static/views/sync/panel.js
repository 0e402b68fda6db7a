// The dialog about the sync: what it is doing, its runs, and the sign-in.

/** @import { SyncStatus } from "../../core/contract.ts" */
/** @import { SheetModule } from "../index.js" */

import { api } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { current, href } from "../../core/router.js";
import { fillSheet } from "../../parts/dialog.js";
import { CARDS } from "./cards.js";
import { startSync } from "./start.js";
import { isRunning, refusesSync, syncStatus } from "./status.js";

/** @type {SheetModule<SyncStatus>} */
export const sheet = {
  load: async (_name, signal) => syncStatus() ?? (await api.status(signal)),
  show: (name, known) => {
    const status = syncStatus() ?? known;
    const refused = refusesSync();
    fillSheet(
      name,
      {
        title: t("sync.panel"),
        over: t("nav.product"),
        actions: [
          ...(may("operate") ? buttons(isRunning() || refused !== null, refused && t(`error.${refused}`)) : []),
          h("a.button", { href: href({ ...current(), panel: "quarantine" }), "data-focus": "quarantine" }, t("quarantine.open")),
        ],
      },
      ...CARDS.map((card) => card(status)),
    );
  },
};

/** @param {boolean} off @param {string | null} why */
const buttons = (off, why) => [
  start("sync.now", why ?? t("sync.hint"), off, {}),
  start("sync.full", why ?? t("sync.full.hint"), off, { mode: "full" }),
  start("sync.dry", why ?? t("sync.dry.hint"), off, { dryRun: true }),
];

/** @param {string} label @param {string} hint @param {boolean} off @param {Parameters<typeof startSync>[0]} options */
const start = (label, hint, off, options) =>
  h("button", { type: "button", disabled: off, title: hint, "data-focus": label, onclick: () => startSync(options) }, t(label));
