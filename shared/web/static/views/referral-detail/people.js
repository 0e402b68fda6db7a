// The people of a referral: the customer's, and ours.

/** @import { ReferralDetail } from "../../core/contract.ts" */

import { t } from "../../core/i18n.js";
import { people } from "../../parts/people.js";

/** @param {ReferralDetail} referral */
export const contacts = ({ contacts: persons, name }) =>
  people(t("detail.contacts"), persons, { nobody: t("detail.contacts.none"), subject: name });

/** @param {ReferralDetail} referral */
export const team = ({ team: persons, name }) => people(t("detail.team"), persons, { nobody: t("detail.team.none"), subject: name });
