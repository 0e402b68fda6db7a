// What people said of a company, who did and when, with the way back.

/** @import { CompanyDetail, MergedCompany } from "../../core/contract.ts" */

import { h } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { relative, t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { part, useOwnName } from "./calls.js";

/**
 * Sends what somebody says, and says how it went.
 * @param {() => Promise<unknown>} send
 * @param {string} done
 * @param {() => void} [undo]
 */
export async function said(send, done, undo) {
  try {
    await send();
    toast("success", done, { action: undo ? { label: t("edit.undo"), run: undo } : null });
    return true;
  } catch (error) {
    toast("error", t("edit.failed"), { detail: problemText(error) });
    return false;
  }
}

/** @param {string} key */
export async function backToOwnName(key) {
  if (await said(() => useOwnName(key), t("edit.unnamed"))) refresh();
}

/** @param {MergedCompany} merged */
async function split({ key, name }) {
  if (await said(() => part(key), t("edit.parted", { name }))) refresh();
}

/** @param {string} focus @param {string} label @param {() => void} onclick @param {string} [about] */
const button = (focus, label, onclick, about) =>
  may("write") ? h("button.small", { type: "button", "data-focus": focus, "aria-label": about, onclick }, label) : null;

/** @param {string} at */
const when = (at) => h("time", { datetime: at, title: dateTime(at) }, relative(at));

/** @param {CompanyDetail} company */
export const whatWasSaid = ({ key, renamed, merged }) =>
  renamed || merged.length
    ? h(
        "ul.said",
        null,
        renamed &&
          h(
            "li",
            null,
            h(
              "span.grow",
              null,
              h("span", { dir: "auto" }, t("edit.automaticName", { name: renamed.automaticName })),
              h("span.sub", null, t("edit.renamedBy", { name: renamed.by.name }), " ", when(renamed.at)),
            ),
            button("own-name", t("edit.automatic"), () => backToOwnName(key)),
          ),
        merged.map((other) =>
          h(
            "li",
            null,
            h(
              "span.grow",
              null,
              h("span", { dir: "auto" }, t("edit.with", { name: other.name }), " ", h("span.muted", null, t("review.count", { n: other.referralCount }))),
              h("span.sub", null, [other.domain, other.domain && " · "], t("edit.mergedBy", { name: other.by.name }), " ", when(other.at)),
            ),
            button(`part-${other.key}`, t("edit.part"), () => split(other), t("edit.part.of", { name: other.name })),
          ),
        ),
      )
    : null;
