// Where Partner Center's events go, as the server tells it, and what an operator does about it.

/** @import { Webhook, WebhookTest } from "../../core/contract.ts" */

import { del, get, Problem, post, segment } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { store } from "../../core/state.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";

/** Each question goes on to Partner Center, so the dialog, which is shown anew every few seconds, does not ask each time. */
const KNOWN_MS = 60_000;
const TEST_PAUSE_MS = 2_000;
const TEST_TRIES = 30;

/**
 * `taking` is the address that is about to be taken over; `test`, what is said of the last test event.
 * @typedef {{ known: Webhook | null, trouble: unknown, busy: boolean, taking: string | null, test: { tone: "busy" | "ok" | "fail", text: () => string } | null }} WebhookState
 */

/** @type {import("../../core/state.js").Store<WebhookState>} */
export const webhook = store(/** @type {WebhookState} */ ({ known: null, trouble: null, busy: false, taking: null, test: null }));

/** @param {Partial<WebhookState>} change */
const know = (change) => webhook.set({ ...webhook.get(), ...change });

let asked = -Infinity;

/** Asks the server, unless it was asked a moment ago. @param {boolean} [anew] */
export async function askWebhook(anew = false) {
  if (!anew && Date.now() - asked < KNOWN_MS) return;
  asked = Date.now();
  try {
    know({ known: /** @type {Webhook} */ (await get("/webhook")), trouble: null });
  } catch (trouble) {
    know({ trouble });
  }
}

/** @param {string} done @param {() => Promise<unknown>} change */
async function act(done, change) {
  if (webhook.get().busy) return;
  know({ busy: true, test: null });
  try {
    know({ known: /** @type {Webhook} */ (await change()), trouble: null, taking: null });
    toast("success", t(done));
  } catch (error) {
    if (error instanceof Problem && error.code === "webhook_taken") know({ taking: String(error.body["url"] ?? "") });
    else toast("error", t("webhook.failed"), { detail: problemText(error) });
  } finally {
    know({ busy: false });
  }
}

/** @param {boolean} takeOver */
export const register = (takeOver) => act("webhook.registered", async () => (await post("/webhook", { takeOver })).body);

export const restore = () => act("webhook.restored", async () => (await del("/webhook")).body);

/** @param {string | null} url what is asked about; null: nothing any more */
export const ask = (url) => know({ taking: url });

/** Asks for a test event and waits for what Partner Center says of it. */
export async function sendTest() {
  if (webhook.get().busy) return;
  know({ busy: true, test: { tone: "busy", text: () => t("webhook.test.sent") } });
  try {
    const { id } = /** @type {{ id: string }} */ ((await post("/webhook/test")).body);
    know({ test: await result(id) });
  } catch (error) {
    know({ test: { tone: "fail", text: () => problemText(error) } });
  } finally {
    know({ busy: false });
  }
  await askWebhook(true);
}

/** @param {string} id @returns {Promise<NonNullable<WebhookState["test"]>>} */
async function result(id) {
  for (let tries = 0; tries < TEST_TRIES; tries += 1) {
    await new Promise((done) => setTimeout(done, TEST_PAUSE_MS));
    const test = /** @type {WebhookTest} */ (await get(`/webhook/test/${segment(id)}`));
    const codes = test.results.map(({ code }) => code);
    if (codes.includes("OK")) return { tone: "ok", text: () => t("webhook.test.ok") };
    if (test.status.toLowerCase() === "completed") {
      return { tone: "fail", text: () => t("webhook.test.failed", { codes: [...new Set(codes)].join(", ") || test.status }) };
    }
  }
  return { tone: "fail", text: () => t("webhook.test.nothing") };
}
