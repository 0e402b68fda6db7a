// "Tell me", beside the title of the list of referrals: leads to a new subscription of what the list shows.

/** @import { ListTool } from "../list/tools.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";

/** Where a subscription of what the list shows begins. @param {URLSearchParams} listed */
export function tellHref(listed) {
  const query = new URLSearchParams(listed);
  for (const name of ["page", "sort"]) query.delete(name);
  return listHref("notifications", { subscription: "new", tell: query.toString() || null });
}

/** @type {ListTool} */
export const tellMe = (list, route) =>
  list === "referrals"
    ? h("a.button", { href: tellHref(route.query), "data-focus": "tell-me", title: t("tell.hint") }, icon("mail"), t("tell.me"))
    : null;
