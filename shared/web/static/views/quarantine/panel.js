// The dialog with what could not be stored.

/** @import { Quarantined } from "../../core/contract.ts" */
/** @import { SheetModule } from "../index.js" */

import { api } from "../../core/api.js";
import { h, icon } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { t, term } from "../../core/i18n.js";
import { current, href } from "../../core/router.js";
import { copyButton } from "../../parts/copy.js";
import { fillSheet } from "../../parts/dialog.js";
import { pretty } from "../../parts/values.js";

/** @type {SheetModule<{ items: Quarantined[], total: number }>} */
export const sheet = {
  load: (_name, signal) => api.quarantine(signal),
  show: (name, { items, total }) =>
    fillSheet(
      name,
      { title: t("quarantine.title"), over: h("a", { href: href({ ...current(), panel: "sync" }) }, t("sync.panel")) },
      h("p", null, t("quarantine.text")),
      h("p.strong", null, t("quarantine.count", { n: total })),
      items.length ? h("ul.runs", { role: "list" }, items.map(line)) : h("p.muted", null, t("quarantine.none")),
    ),
};

/** @param {Quarantined} item */
const line = (item) =>
  h(
    "li.run",
    { role: "listitem" },
    h("div.run-head", null, icon("warning"), h("span.strong", { dir: "auto" }, term("problem", item.reason))),
    h(
      "p.sub",
      null,
      [item.id, t("quarantine.seen", { first: dateTime(item.firstSeenAt), last: dateTime(item.lastSeenAt) })].filter(Boolean).join(" · "),
    ),
    h(
      "details",
      { id: `quarantined-${item.key}` },
      h("summary", null, t("detail.raw")),
      copyButton(t("copy.raw"), pretty(item.raw)),
      h("pre", { tabindex: 0, role: "region", "aria-label": t("detail.raw") }, pretty(item.raw)),
    ),
  );
