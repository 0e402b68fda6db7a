// "Tell me", beside the title of the list of referrals: leads to a new subscription of what the list shows.

/** @import { ListTool } from "../list/tools.js" */

import { h, icon } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { listHref } from "../../core/router.js";

/** @type {ListTool} */
export const tellMe = (list, route) => {
  if (list !== "referrals") return null;
  const query = new URLSearchParams(route.query);
  for (const name of ["page", "sort"]) query.delete(name);
  return h(
    "a.button",
    { href: listHref("notifications", { subscription: "new", tell: query.toString() || null }), "data-focus": "tell-me", title: t("tell.hint") },
    icon("mail"),
    t("tell.me"),
  );
};
