// Loads of one place of the page (the view, the dialog). A person's own load is never given up for a quiet refresh: the refresh waits
// until it has ended. A newer load of a person's replaces all others. A refresh that fails leaves what is shown.

/**
 * @template Target
 * @typedef {object} Place
 * @property {(target: Target, signal: AbortSignal) => Promise<() => void>} fetch loads, and returns what shows it
 * @property {(target: Target, error: unknown) => void} failed shows that a load of a person's failed
 * @property {(busy: boolean) => void} [busy] a load of a person's began or ended
 */

/** @param {unknown} error */
const aborted = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * @template Target
 * @param {Place<Target>} place
 */
export function loads(place) {
  /** @type {{ quiet: boolean, abort: AbortController } | null} */
  let now = null;
  /** What is to be refreshed once the load that is under way has ended. @type {Target | null} */
  let after = null;

  /** @param {Target} target @param {boolean} quiet @returns {Promise<void>} */
  async function run(target, quiet) {
    const mine = { quiet, abort: new AbortController() };
    now = mine;
    if (!quiet) place.busy?.(true);
    try {
      const shown = await place.fetch(target, mine.abort.signal);
      if (now === mine) shown();
    } catch (error) {
      if (now === mine && !quiet && !aborted(error)) place.failed(target, error);
    }
    if (now !== mine) return;
    now = null;
    if (!quiet) place.busy?.(false);
    const next = after;
    after = null;
    if (next !== null) await run(next, true);
  }

  return {
    /** Loads what a person asked for. @param {Target} target */
    load(target) {
      now?.abort.abort();
      after = null;
      return run(target, false);
    },
    /** Brings what is shown up to date. @param {Target} target */
    refresh(target) {
      if (now) {
        after = target;
        return Promise.resolve();
      }
      return run(target, true);
    },
    /** Gives up whatever is under way; nothing of it will be shown. */
    stop() {
      now?.abort.abort();
      if (now && !now.quiet) place.busy?.(false);
      now = after = null;
    },
  };
}
