// The longer parts of a referral: notes, what is related, what happened, and the payload as received.

/** @import { ReferralDetail } from "../../core/contract.ts" */

import { api } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { dateTime } from "../../core/format.js";
import { relative, t, term } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { referralHref } from "../../core/router.js";
import { statusBadge } from "../../parts/badges.js";
import { copyButton } from "../../parts/copy.js";
import { section } from "../../parts/facts.js";
import { problemText } from "../../parts/problems.js";
import { changeList, pretty } from "../../parts/values.js";

/** Longer notes are cut until asked for: strangers can write hundreds of kilobytes. */
const NOTES_SHOWN = 1500;

/** Names what is unfolded, so that a refresh leaves it so: it is the same as long as the referral is. @param {string} what @param {ReferralDetail} referral */
const unfolded = (what, { id, eTag, updatedDateTime }) => [what, id, eTag, updatedDateTime, currentLanguage()].join(" ");

/** @param {ReferralDetail} referral */
export const notes = (referral) => (referral.notes ? section(t("detail.notes"), [paragraphs(referral, referral.notes)]) : null);

/** @param {ReferralDetail} referral @param {string} text */
function paragraphs(referral, text) {
  const shown = h("p.notes", { dir: "auto" }, text.length > NOTES_SHOWN ? `${text.slice(0, NOTES_SHOWN)}…` : text);
  if (text.length <= NOTES_SHOWN) return shown;
  const more = h(
    "button.small",
    {
      type: "button",
      "data-focus": "notes-all",
      onclick: () => {
        shown.textContent = text;
        more.remove();
        place.setAttribute("data-busy", "");
      },
    },
    t("detail.notes.all", { n: text.length }),
  );
  const place = h("div", { "data-keep": unfolded("notes", referral) }, shown, more);
  return place;
}

/** @param {ReferralDetail} referral */
export const related = ({ related: others }) =>
  others?.length
    ? section(t("detail.related"), [
        h(
          "ul.rows",
          null,
          others.map((other) =>
            h(
              "li",
              null,
              h("a", { href: referralHref(other.id), dir: "auto" }, other.name || t("unnamed.referral")),
              h("span.muted", null, [other.organizationName, other.direction && term("direction", other.direction)].filter(Boolean).join(" · ")),
              statusBadge(other.status, null),
            ),
          ),
        ),
      ])
    : null;

/** @param {ReferralDetail} referral */
export const timeline = (referral) =>
  section(t("detail.history"), [
    h(
      "ol.timeline",
      null,
      referral.history?.map(({ at, changes, by }) =>
        h(
          "li",
          null,
          h("time", { datetime: at, title: dateTime(at) }, relative(at)),
          by ? h("span.sub", { dir: "auto" }, ` ${by.name}`) : null,
          changeList(changes),
        ),
      ),
      referral.createdDateTime
        ? h(
            "li",
            null,
            h("time", { datetime: referral.createdDateTime, title: dateTime(referral.createdDateTime) }, relative(referral.createdDateTime)),
            h("p", null, t("detail.created")),
          )
        : null,
    ),
  ]);

/** @param {ReferralDetail} referral */
export function raw(referral) {
  const body = h("div");
  const details = h(
    "details.part.raw",
    {
      id: "raw",
      "data-keep": unfolded("raw", referral),
      ontoggle: async (/** @type {Event} */ event) => {
        const { open } = /** @type {HTMLDetailsElement} */ (event.target);
        details.toggleAttribute("data-busy", open);
        if (!open || body.childElementCount) return;
        show(body, h("p.muted", null, t("loading")));
        try {
          const text = pretty(await api.raw(referral.id));
          show(body, copyButton(t("copy.raw"), text), h("pre", { tabindex: 0, "aria-label": t("detail.raw"), role: "region" }, text));
        } catch (error) {
          show(body, h("p.error", null, problemText(error)));
        }
      },
    },
    h("summary", { "data-focus": "raw" }, t("detail.raw")),
    body,
  );
  return details;
}
