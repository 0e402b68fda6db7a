// What the list of companies is filtered by. A room that brings a filter adds a line to FILTERS.

/** @import { Filter } from "../../parts/filters.js" */

import { country } from "../../core/format.js";
import { choice, given, oneOf } from "../../parts/filters.js";

/** @type {Filter[]} */
export const FILTERS = [
  oneOf("m365", ["true", "false"]),
  oneOf("needsReview", ["true", "false"]),
  choice("country", country),
  given("q", (value) => `“${value}”`),
];
