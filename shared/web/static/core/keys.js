// Keyboard shortcuts: whoever has one registers it, and the sheet behind "?" lists them all.

/**
 * @typedef {object} Shortcut
 * @property {string} keys as `event.key` has it, such as "j" or "ArrowDown"
 * @property {string} label the phrase that says what it does
 * @property {string} [shown] how the keys are written, if not as they are
 * @property {() => boolean | void} run returning false leaves the key to the browser
 * @property {() => boolean} [when] whether it means anything now
 * @property {boolean} [listed] false: works, and is not listed
 */

/** @type {Shortcut[]} */
const shortcuts = [];

/** @param {...Shortcut} more @returns {() => void} takes them back */
export function shortcut(...more) {
  shortcuts.push(...more);
  return () => more.forEach((known) => shortcuts.splice(shortcuts.indexOf(known), 1));
}

/** Those that are listed, each label once. */
export const listed = () => shortcuts.filter(({ listed: shown }) => shown !== false);

/** Whether keys belong to what has focus: somebody is typing or choosing. @param {EventTarget | null} target */
export const isTyping = (target) =>
  target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (event.shiftKey && event.key.startsWith("Arrow")) return; // selects text
  for (const { keys, run, when } of [...shortcuts].reverse()) {
    if (event.key.toLowerCase() !== keys.toLowerCase() || (when && !when())) continue;
    if (run() !== false) event.preventDefault();
    return;
  }
});
