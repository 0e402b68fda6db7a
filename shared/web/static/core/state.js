// The one way to keep state and to show it: a store holds a value and says when it changed; `mount` shows what a function makes of
// stores, and shows it anew when one of them, or the language, changes.

import { show } from "./dom.js";

/**
 * @template Value
 * @typedef {object} Store
 * @property {() => Value} get
 * @property {(value: Value) => void} set tells the watchers, unless the value is the same
 * @property {(watcher: (value: Value) => void) => () => void} watch returns what ends it
 */

/**
 * @template Value
 * @param {Value} initial
 * @returns {Store<Value>}
 */
export function store(initial) {
  let value = initial;
  /** @type {Set<(value: Value) => void>} */
  const watchers = new Set();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const watcher of [...watchers]) watcher(value);
    },
    watch: (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/** Counts up whenever the language has changed. */
export const languageChanges = store(0);

/**
 * Shows `render()` in `place` now and after each change; focus stays on the element with the same `data-focus`.
 * It ends by itself once `place` has left the page.
 * @param {Element} place
 * @param {Pick<Store<any>, "watch">[]} stores
 * @param {() => import("./dom.js").Child | import("./dom.js").Child[]} render
 * @returns {() => void} ends it
 */
export function mount(place, stores, render) {
  let met = place.isConnected;
  const paint = () => {
    met ||= place.isConnected;
    if (met && !place.isConnected) return end();
    show(place, render());
  };
  const ends = [...stores, languageChanges].map((source) => source.watch(paint));
  const end = () => ends.forEach((stop) => stop());
  paint();
  return end;
}
