// What stands beside the title of a list: a room adds a line here. Each is a function of the list, its address and its page.

/** @import { Page } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { exportMenu } from "../exports/menu.js";
import { tellMe } from "../notifications/tell-me.js";
import { mineTool } from "../owners/owners.js";
import { viewsMenu } from "../saved/menu.js";

/** @typedef {(list: "referrals" | "companies", route: Route, page: Page<any>) => Node | null} ListTool */

/** @type {ListTool[]} */
export const TOOLS = [
  (list, route) => viewsMenu(list, route),
  (list, route) => (list === "referrals" ? mineTool(route) : null),
  tellMe,
  exportMenu,
];
