// Starting a sync, and saying how it ended.

import { api, Problem } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { askSync, know, schedule, sync } from "./status.js";
import { outcome, runTrouble } from "./words.js";

/** The error that a message on the page says at this moment. @type {{ message: HTMLElement, correlationId: string | null } | null} */
let shown = null;

/** Whether a message says already what this error is: once is enough. @param {string | null | undefined} correlationId */
export const isSaid = (correlationId) => Boolean(correlationId && shown?.message.isConnected && shown.correlationId === correlationId);

/** @param {string} detail @param {string | null} correlationId */
function sayFailed(detail, correlationId) {
  shown = { message: toast("error", t("sync.failed"), { detail }), correlationId };
}

/**
 * @param {{ mode?: "incremental" | "full", dryRun?: boolean, acceptMissing?: boolean, quiet?: boolean }} [options] quiet: that it
 *   began goes without saying
 */
export async function startSync({ mode = "incremental", dryRun = false, acceptMissing = false, quiet = false } = {}) {
  if (sync.get().posting) return;
  know({ posting: true });
  if (!quiet) toast("info", t(dryRun ? "sync.started.dry" : "sync.started"));
  schedule(500);
  try {
    const run = await api.sync({ mode, dryRun, ...(acceptMissing ? { acceptMissing } : {}) });
    if (run.state === "failed") sayFailed(runTrouble(run), run.error?.correlationId ?? null);
    else if (run.state === "paused") toast("info", t("sync.paused"));
    else toast("success", t(dryRun ? "sync.done.dry" : "sync.done", { summary: outcome(run) }));
  } catch (error) {
    if (error instanceof Problem && error.code === "sync_running") toast("info", t("error.sync_running"));
    else sayFailed(problemText(error), error instanceof Problem ? error.correlationId : null);
  } finally {
    know({ posting: false });
  }
  await askSync();
}
