// Days that a figure's list is filtered by: said in words and removable; they are chosen by following a figure.

/** @import { Filter } from "../../parts/filters.js" */

import { date } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { given } from "../../parts/filters.js";

/** @param {string} day */
const said = (day) => date(`${day}T00:00:00Z`);

/** A range such as 2026-11-01..2026-11-30. @param {string} value */
function days(value) {
  const [first = "", last = ""] = value.split("..");
  if (first && last) return t("days.between", { first: said(first), last: said(last) });
  return first ? t("days.from", { first: said(first) }) : t("days.to", { last: said(last) });
}

/** @type {Filter[]} */
export const DAY_FILTERS = [
  given("created", (value) => t("filter.createdDays", { when: days(value) })),
  given("accepted", (value) => t("filter.acceptedDays", { when: days(value) })),
  given("closed", (value) => t("filter.closedDays", { when: days(value) })),
  given("openOn", (value) => t("filter.openOn", { when: said(value) })),
];
