// What makes sense for nearly everybody, offered while somebody has nothing yet.

/** @import { Wish } from "./calls.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { feature, me } from "../../core/me.js";

/** The reader's own time zone. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Istanbul";

/** @returns {{ name: string, wish: Wish }[]} */
const offered = () => [
  { name: "due", wish: { events: ["due", "expired", "assigned"], when: "daily", at: "08:30", dueDays: [7, 3, 1, 0] } },
  { name: "new", wish: { events: ["new", "assigned"], when: "now" } },
];

/** @param {(wish: Wish) => void} take */
export function offers(take) {
  const mail = me.get()?.mail ?? "";
  if (!feature("mail") || !mail) return h("p.muted", null, t("notify.offers.noMail"));
  return h(
    "div.offers",
    null,
    offered().map(({ name, wish }) =>
      h(
        "section.card.offer",
        { "aria-labelledby": `offer-${name}` },
        h("h3", { id: `offer-${name}` }, t(`notify.offer.${name}`)),
        h("p.muted", null, t(`notify.offer.${name}.text`, { mail })),
        h(
          "button.primary",
          {
            type: "button",
            "data-focus": `offer-${name}`,
            onclick: () =>
              take({ ...wish, name: t(`notify.offer.${name}`), channel: "mail", timeZone: ownZone(), language: currentLanguage() }),
          },
          icon("check"),
          t("notify.offer.take"),
        ),
      ),
    ),
  );
}
