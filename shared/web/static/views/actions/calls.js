// What the API is asked to do to referrals, and what became of it.

/** @import { Action, Ask, Batch, ReferralDetail } from "../../core/contract.ts" */

import { get, post, segment } from "../../core/api.js";

/** @typedef {{ items: Action[], total: number, page: number, pageSize: number }} ActionPage */

/** The key of what is about to be sent: the same wish, sent again after a lost answer, does nothing twice. */
let last = { content: "", key: "" };

/** @param {string} content */
function keyOf(content) {
  if (last.content !== content) last = { content, key: crypto.randomUUID() };
  return { "Idempotency-Key": last.key };
}

/** The next wish is another one, even if it has the same words. */
const heard = () => (last = { content: "", key: "" });

/** @param {string} id of the referral @param {Ask} ask */
export async function act(id, ask) {
  const answer = await post(`/referrals/${segment(id)}/actions`, ask, { headers: keyOf(JSON.stringify([id, ask])) });
  heard();
  return /** @type {{ action: Action, referral?: ReferralDetail }} */ (answer.body);
}

/** @param {string[]} ids @param {Ask} ask */
export async function actOnMany(ids, ask) {
  const answer = await post("/actions", { ...ask, ids }, { headers: keyOf(JSON.stringify([ids, ask])) });
  heard();
  return /** @type {{ batch: Batch }} */ (answer.body).batch;
}

/** @param {string} id @param {"cancel" | "send" | "retry"} what */
export const change = async (id, what) =>
  /** @type {{ action: Action }} */ ((await post(`/actions/${segment(id)}/${what}`)).body).action;

/** @param {string} id */
export const action = async (id) => /** @type {Action} */ (await get(`/actions/${segment(id)}`));

/** @param {URLSearchParams} query @param {AbortSignal} [signal] */
export const actions = async (query, signal) => /** @type {ActionPage} */ (await get(`/actions?${query}`, signal));

/** @param {string} id @param {AbortSignal} [signal] */
export const batch = async (id, signal) => /** @type {Batch} */ (await get(`/batches/${segment(id)}`, signal));

/** @param {string} id */
export const cancelBatch = async (id) => /** @type {Batch} */ ((await post(`/batches/${segment(id)}/cancel`)).body);
