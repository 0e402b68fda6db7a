// What this room asks of the API.

/** @import { Subscription } from "../../core/contract.ts" */

import { del, get, post, put, segment } from "../../core/api.js";

/** @typedef {{ id: string, name: string, list: string, query: string }} KnownView */
/** @typedef {Partial<Omit<Subscription, "id" | "owner" | "lastSentAt" | "lastError">>} Wish what a person may say about a subscription */
/** @typedef {{ state: "sent" | "failed", error: { code: string, message: string } | null }} TestResult */

const ROOT = "/subscriptions";

export const calls = {
  /** @param {AbortSignal} signal */
  list: async (signal) => /** @type {{ items: Subscription[], total: number }} */ (await get(ROOT, signal)),
  /** Views of referrals that the reader can see. @param {AbortSignal} signal */
  views: async (signal) =>
    /** @type {{ items: KnownView[] }} */ (await get("/views", signal)).items.filter(({ list }) => list === "referrals"),
  /** @param {string} name @param {string} query */
  keepView: async (name, query) =>
    /** @type {KnownView} */ ((await post("/views", { name, list: "referrals", query, shared: false })).body),
  /** @param {Wish} wish */
  create: async (wish) => /** @type {Subscription} */ ((await post(ROOT, wish)).body),
  /** @param {string} id @param {Wish} wish */
  change: async (id, wish) => /** @type {Subscription} */ ((await put(`${ROOT}/${segment(id)}`, wish)).body),
  /** @param {string} id */
  remove: async (id) => void (await del(`${ROOT}/${segment(id)}`)),
  /** @param {string} id */
  test: async (id) => /** @type {TestResult} */ ((await post(`${ROOT}/${segment(id)}/test`)).body),
};
