// Where the reader was in each entry of the history: how far down, and on what. Back and forward lead there again.

/** @typedef {{ top: number, key: string | null }} Place key: of the item in whose row the focus was */

/** @type {Map<string, Place>} */
const places = new Map();
let count = 0;
let entry = nameOf(history.state);
/** Whether the entry that is shown was come to by the browser's back or forward. */
let returned = false;

/** @param {unknown} state */
function nameOf(state) {
  return String(/** @type {{ entry?: string } | null} */ (state)?.entry ?? "first");
}

const note = () =>
  places.set(entry, { top: document.documentElement.scrollTop, key: document.activeElement?.closest("[data-key]")?.getAttribute("data-key") ?? null });

/** The name of a new entry, once the place in the present one has been noted. */
export function leave() {
  note();
  returned = false;
  entry = `${Date.now()}.${++count}`;
  return entry;
}

/** The name of the present entry, which is about to be replaced. */
export const stay = () => ((returned = false), entry);

/** The place in the entry that back or forward has led to; null where the reader came another way. */
export const known = () => (returned ? (places.get(entry) ?? null) : null);

// The browser would restore the place before there is anything to scroll; on reload it may, with what it remembers by itself.
history.scrollRestoration = "manual";
addEventListener("pagehide", () => (history.scrollRestoration = "auto"));
addEventListener("popstate", (event) => {
  note();
  entry = nameOf(event.state);
  returned = true;
});
