// Who is told what: one's own subscriptions, and for operators everybody's.

/** @import { Subscription } from "../../core/contract.ts" */
/** @import { KnownView, Wish } from "./calls.js" */

import { h, icon, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { askMe, me } from "../../core/me.js";
import { listHref } from "../../core/router.js";
import { calls } from "./calls.js";
import { after, card } from "./card.js";
import { form } from "./form.js";
import { offers } from "./offers.js";

/** @typedef {{ items: Subscription[], views: KnownView[] }} Told */

/** The form that is open, so that a refresh behind it does not throw away what was typed. @type {{ name: string, element: HTMLElement } | null} */
let open = null;

/** @type {import("../index.js").ViewModule<Told>} */
export const view = {
  load: async (_route, signal) => {
    // The form offers what its reader may choose, so it waits for who that is.
    const [{ items }, views] = await Promise.all([calls.list(signal), calls.views(signal), me.get() ? null : askMe()]);
    return { items, views };
  },
  show: (root, { items, views }, route) => {
    const wanted = route.query.get("subscription");
    const listed = route.query.get("tell");
    const known = items.find(({ id }) => id === wanted) ?? null;
    const name = wanted && (known || wanted === "new") ? `${wanted}?${listed ?? ""}${document.documentElement.lang}` : null;
    if (!name) open = null;
    else if (open?.name !== name) open = { name, element: form(known, views, listed) };
    const own = items.filter(({ owner }) => owner.id === me.get()?.id);
    const others = items.filter(({ owner }) => owner.id !== me.get()?.id);
    show(
      root,
      h(
        "div.head",
        null,
        h("h1", { id: "title", tabindex: -1 }, t("nav.notifications")),
        h("div.list-tools", null, h("a.button", { href: listHref("notifications", { subscription: "new" }), "data-focus": "new" }, icon("mail"), t("notify.new"))),
      ),
      h("p.muted.lead", null, t("notify.lead")),
      open?.element ?? null,
      own.length ? [h("h2.hidden", null, t("notify.unnamed")), group(own, views, false)] : h("section", null, h("h2", null, t("notify.offers")), offers(take)),
      others.length ? h("h2", null, t("notify.others")) : null,
      others.length ? group(others, views, true) : null,
    );
  },
};

/** @param {Subscription[]} items @param {KnownView[]} views @param {boolean} foreign */
const group = (items, views, foreign) => h("div.subscriptions", null, items.map((item) => card(item, views, foreign)));

/** @param {Wish} wish */
const take = (wish) => after(calls.create(wish), t("notify.saved"));
