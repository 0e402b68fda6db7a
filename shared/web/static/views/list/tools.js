// What stands beside the title of a list: a room adds a line here. Each is a function of the list, its address and its page.

/** @import { Page } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { tellMe } from "../notifications/tell-me.js";

/** @typedef {(list: "referrals" | "companies", route: Route, page: Page<any>) => Node | null} ListTool */

/** @type {ListTool[]} */
export const TOOLS = [tellMe];
