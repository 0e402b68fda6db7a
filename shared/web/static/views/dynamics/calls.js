// What this room asks of the API.

/** @import { CrmPlan, CrmRun, CrmStatus, Page, Referral } from "../../core/contract.ts" */

import { get, post, segment } from "../../core/api.js";

/** @typedef {"push" | "retry" | "ignore" | "unlink" | "link"} Wish */

export const calls = {
  /** @param {AbortSignal} signal */
  status: async (signal) => /** @type {CrmStatus} */ (await get("/dynamics", signal)),
  /** The referrals with which something is wrong. @param {AbortSignal} signal */
  wrong: async (signal) =>
    /** @type {Page<Referral>} */ (await get("/referrals?dynamics=failed&dynamics=conflict&missing=include&pageSize=50", signal)),
  sync: async () => /** @type {CrmRun} */ ((await post("/dynamics/sync")).body),
  plan: async () => /** @type {CrmRun & { plan: CrmPlan[] }} */ ((await post("/dynamics/sync", { dryRun: true })).body),
  /** @param {string} id @param {Wish} action @param {object} [more] */
  act: async (id, action, more = {}) =>
    /** @type {{ referral: Referral }} */ ((await post(`/referrals/${segment(id)}/dynamics`, { action, ...more })).body).referral,
};
