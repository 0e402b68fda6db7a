// Starting a sync, and saying how it ended.

import { api, Problem } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { askSync, know, schedule, sync } from "./status.js";
import { outcome, runTrouble } from "./words.js";

/** @param {{ mode?: "incremental" | "full", dryRun?: boolean, acceptMissing?: boolean }} [options] */
export async function startSync({ mode = "incremental", dryRun = false, acceptMissing = false } = {}) {
  if (sync.get().posting) return;
  know({ posting: true });
  toast("info", t(dryRun ? "sync.started.dry" : "sync.started"));
  schedule(500);
  try {
    const run = await api.sync({ mode, dryRun, ...(acceptMissing ? { acceptMissing } : {}) });
    if (run.state === "failed") toast("error", t("sync.failed"), { detail: runTrouble(run) });
    else if (run.state === "paused") toast("info", t("sync.paused"));
    else toast("success", t(dryRun ? "sync.done.dry" : "sync.done", { summary: outcome(run) }));
  } catch (error) {
    if (error instanceof Problem && error.code === "sync_running") toast("info", t("error.sync_running"));
    else toast("error", t("sync.failed"), { detail: problemText(error) });
  } finally {
    know({ posting: false });
  }
  await askSync();
}
