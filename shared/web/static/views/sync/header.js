// What the header says about the sync, and its button.

import { find, h, show } from "../../core/dom.js";
import { relative, t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { languageChanges } from "../../core/state.js";
import { startSync } from "./start.js";
import { isRunning, lastRun, refusesSync, sync } from "./status.js";
import { outcome, progressText } from "./words.js";

/** A time that has passed already is about to come true. @param {string} when */
const relativeAhead = (when) => (Date.parse(when) > Date.now() ? relative(when, "always") : t("time.soon"));

/** @returns {{ tone: "ok" | "fail" | "busy" | "off", text: string }} */
function said() {
  const { status, trouble, posting } = sync.get();
  if (status?.running) return { tone: "busy", text: `${t("sync.running")} ${progressText(status.running)}` };
  if (posting) return { tone: "busy", text: t("sync.running") };
  if (trouble) return { tone: "fail", text: t("sync.unknown") };
  if (!status) return { tone: "off", text: "" };
  if (!status.enabled) return { tone: "off", text: t("sync.off") };
  const run = lastRun();
  const when = run ? relative(run.finishedAt ?? run.startedAt) : "";
  // Each state is one sentence: what stops the sync says when it goes on, and nothing else does.
  if (status.signIn.state !== "signedIn") {
    return { tone: status.signIn.state === "pending" ? "busy" : "fail", text: t(`sync.${status.signIn.state}`) };
  }
  if (status.throttledUntil && Date.parse(status.throttledUntil) > Date.now()) {
    return { tone: "busy", text: t("sync.throttled", { when: relative(status.throttledUntil, "always") }) };
  }
  const next = status.nextRun ? [t("sync.next", { when: relativeAhead(status.nextRun) })] : [];
  if (!run) return { tone: "off", text: [t("sync.never"), ...next].join(" · ") };
  if (run.state === "failed" && run.error?.code === "sign_in_required") return { tone: "off", text: [t("sync.waits"), ...next].join(" · ") };
  if (run.state === "failed") return { tone: "fail", text: [t("sync.failedAt", { when }), ...next].join(" · ") };
  if (run.state === "paused") return { tone: "busy", text: [t("sync.pausedAt", { when }), ...next].join(" · ") };
  return { tone: "ok", text: [outcome(run), when, ...next].join(" · ") };
}

let spoken = "";
/** What stands in the header, as text and tone. */
let painted = "";

/** Brings the header up to date. */
function paint() {
  const { tone, text } = said();
  const place = find("#sync-status");
  if (painted !== `${tone} ${text}`) {
    painted = `${tone} ${text}`;
    place.dataset["tone"] = tone;
    // While nothing is known there is nothing to follow: a link without a name says nothing to anybody.
    place.hidden = !text;
    show(place, h(`span.dot.${tone}`, { "aria-hidden": "true" }), h("span.sync-text", null, text));
    place.title = text;
    place.setAttribute("aria-label", `${t("sync.panel")}: ${text}`);
  }
  const button = /** @type {HTMLButtonElement} */ (find("#sync-button"));
  const running = isRunning();
  const refused = refusesSync();
  // Readers have no such button: it could only fail. Until it is known who reads, it is there and waits.
  button.hidden = me.get() !== null && !may("operate");
  button.disabled = running || refused !== null || me.get() === null;
  button.classList.toggle("running", running);
  button.title = refused ? t(`error.${refused}`) : t("sync.hint");
  announce(running ? t("sync.running") : tone === "off" ? "" : (text.split(" · ")[0] ?? ""));
}

/** Said aloud are beginnings and ends, not every page that was read. @param {string} now */
function announce(now) {
  if (now === spoken) return;
  if (spoken) find("#sync-live").textContent = now;
  spoken = now;
}

/** Keeps the header up to date from now on. */
export function syncHeader() {
  sync.watch(paint);
  me.watch(paint);
  languageChanges.watch(() => {
    painted = "";
    paint();
  });
  setInterval(paint, 15_000);
  find("#sync-button").addEventListener("click", () => startSync());
  paint();
}
