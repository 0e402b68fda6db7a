// A referral's record in Dynamics 365, in a word and a colour.

/** @import { Referral } from "../../core/contract.ts" */

import { t } from "../../core/i18n.js";
import { feature } from "../../core/me.js";
import { badge } from "../../parts/badges.js";
import { errorText } from "./words.js";

export const TONES = { linked: "teal", pending: "blue", failed: "red", conflict: "amber", ignored: "grey" };

/** Null for a referral without a record, and while Dynamics 365 is switched off. @param {Pick<Referral, "dynamics">} referral */
export function crmBadge({ dynamics }) {
  if (!dynamics || !feature("dynamics")) return null;
  const state = t(`crm.state.${dynamics.state}`);
  const hint = t("crm.hint", { state });
  return badge(dynamics.state === "linked" ? "CRM" : `CRM: ${state}`, TONES[dynamics.state], dynamics.error ? errorText(dynamics.error) : hint);
}
