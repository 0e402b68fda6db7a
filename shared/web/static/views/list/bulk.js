// What can be done with the ticked rows of a list: a room adds a line here. While a list has none, it has no tick boxes.

import { may } from "../../core/me.js";
import { bulkActions } from "../actions/bulk.js";
import { exportTicked } from "../exports/menu.js";
import { ownTicked } from "../owners/owners.js";

/** @typedef {{ ids: string[], clear: () => void, refresh: () => void }} Ticked */

/**
 * @typedef {object} BulkAction
 * @property {"referrals" | "companies"} list
 * @property {() => boolean} when whether the reader may
 * @property {(ticked: Ticked) => Node | null} build a button, or more, for the bar
 */

/** @type {BulkAction[]} */
export const BULK = [
  bulkActions,
  { list: "referrals", when: () => may("write"), build: ownTicked },
  { list: "referrals", when: () => may("read"), build: ({ ids }) => exportTicked("referrals", ids) },
  { list: "companies", when: () => may("read"), build: ({ ids }) => exportTicked("companies", ids) },
];
