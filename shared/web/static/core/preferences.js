// Preferences of the reader, kept in the browser: nothing else is. Storage may be forbidden; a choice then lasts as long as the page.

const PREFIX = "hunter.";

/** @param {string} name such as "language" @returns {string | null} */
export function preference(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Not remembered then.
  }
}
