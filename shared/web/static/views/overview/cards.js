// The cards of the overview, in their order. A room that brings a card adds a line here.

/** @import { Summary } from "../../core/contract.ts" */

import { figures } from "./figures.js";
import { months } from "./months.js";
import { owners } from "./owners.js";
import { care, stages, status } from "./rows.js";
import { waiting } from "./waiting.js";

/** @typedef {(summary: Summary, open: boolean) => Node | null} Card open: whether details that were open are to be again */

/** @type {Card[]} */
export const CARDS = [waiting, figures, months, status, stages, care, owners];
