// Which views and dialogs there are. A room that brings one adds a line; its code, phrases and styles come when it is first shown.

/** @import { Route } from "../core/router.js" */

import { feature } from "../core/me.js";

/**
 * What a view does.
 * @template Data
 * @typedef {object} ViewModule
 * @property {(route: Route, signal: AbortSignal) => Promise<Data>} load
 * @property {(root: HTMLElement, data: Data, route: Route) => void} show shows it, for the first time or anew
 * @property {(data: Data) => string} [version] the version of the data that is shown, "" where it has none
 * @property {(data: Data) => string[]} [around] ids of the referrals that it shows, to go from one to the next in the dialog
 */

/**
 * What a dialog does.
 * @template Data
 * @typedef {object} SheetModule
 * @property {(value: string, signal: AbortSignal) => Promise<Data>} load
 * @property {(name: string, data: Data, tools: SheetTools) => void} show fills the dialog of that name by `fillSheet`
 */

/** @typedef {{ previous: string | null, next: string | null }} SheetTools the referrals before and after the one that is shown */

/**
 * @typedef {object} View
 * @property {string} name its `view=` in the address, and the phrase `nav.name`
 * @property {string[]} [parameters] what else its address takes
 * @property {boolean} [nav] whether the header leads to it
 * @property {string[]} [phrases] dictionaries in i18n/
 * @property {string[]} [styles] files under static/
 * @property {() => boolean} [when] whether the reader is led to it
 * @property {() => Promise<{ view: ViewModule<any> }>} code
 */

/**
 * @typedef {object} Sheet
 * @property {"id" | "key" | "panel"} parameter that opens it
 * @property {string} [panel] the value of `panel`
 * @property {string[]} [phrases]
 * @property {string[]} [styles]
 * @property {() => Promise<{ sheet: SheetModule<any> }>} code
 */

/** Of what people share: views, owners, comments, exports. */
const SHARING = "views/saved/sharing.css";
const REPORT = "views/report/report.css";

/** @type {View[]} */
export const VIEWS = [
  { name: "overview", nav: true, phrases: ["overview", "report"], styles: [REPORT], code: () => import("./overview/view.js") },
  {
    name: "referrals",
    nav: true,
    parameters: [
      "direction", "status", "substatus", "category", "salesStage", "country", "company", "m365", "currency", "minValue", "maxValue",
      "waiting", "value", "createdMonth", "created", "accepted", "closed", "closing", "openOn", "owner", "dynamics", "expiring", "missing", "q", "sort", "page",
    ],
    phrases: ["list", "actions", "sharing", "dynamics"],
    styles: [SHARING, "views/actions/actions.css"],
    code: () => import("./referrals/view.js"),
  },
  {
    name: "companies",
    nav: true,
    parameters: ["country", "m365", "needsReview", "q", "sort", "page"],
    phrases: ["list", "company", "sharing"],
    styles: [SHARING],
    code: () => import("./companies/view.js"),
  },
  {
    name: "report",
    nav: true,
    parameters: ["from", "to"],
    phrases: ["report"],
    styles: [REPORT],
    code: () => import("./report/view.js"),
  },
  {
    name: "notifications",
    nav: true,
    parameters: ["subscription", "tell"],
    phrases: ["notifications"],
    styles: ["views/notifications/notifications.css"],
    code: () => import("./notifications/view.js"),
  },
  {
    name: "activity",
    nav: true,
    parameters: ["referral", "batch", "state", "action", "who", "page"],
    phrases: ["list", "actions"],
    styles: ["views/actions/actions.css"],
    code: () => import("./activity/view.js"),
  },
  {
    name: "dynamics",
    nav: true,
    phrases: ["dynamics"],
    styles: ["views/dynamics/dynamics.css"],
    when: () => feature("dynamics"),
    code: () => import("./dynamics/view.js"),
  },
];

/** @type {Sheet[]} */
export const SHEETS = [
  {
    parameter: "id",
    phrases: ["referral", "company", "actions", "sharing", "dynamics"],
    styles: [SHARING, "views/actions/actions.css", "views/dynamics/dynamics.css"],
    code: () => import("./referral-detail/sheet.js"),
  },
  { parameter: "key", phrases: ["referral", "company", "list"], code: () => import("./company-detail/sheet.js") },
  { parameter: "panel", panel: "sync", phrases: ["sync", "sign-in", "quarantine", "webhook"], code: () => import("./sync/panel.js") },
  { parameter: "panel", panel: "quarantine", phrases: ["quarantine", "referral", "sync"], code: () => import("./quarantine/panel.js") },
];
