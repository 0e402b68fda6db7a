// Two wishes that any part of the page may have: to ask for what is shown once more, and to show it once more as it is.

import { store } from "./state.js";

const wishes = { refresh: store(0), repaint: store(0) };

/** @param {keyof typeof wishes} wish */
const count = (wish) => wishes[wish].set(wishes[wish].get() + 1);

/** Brings view and dialog up to date, without disturbing the reader. An answer that did not change costs a 304. */
export const refresh = () => count("refresh");

/** Shows view and dialog anew from what is known. */
export const repaint = () => count("repaint");

/** @param {() => void} watcher */
export const onRefresh = (watcher) => wishes.refresh.watch(watcher);

/** @param {() => void} watcher */
export const onRepaint = (watcher) => wishes.repaint.watch(watcher);
