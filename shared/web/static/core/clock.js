// The server's clock: days left are counted by it, whatever the reader's own clock says.

/** How far the server's clock is ahead, in milliseconds. */
let ahead = 0;

/** @param {string | null} date of an answer, as its header says it */
export function heardTime(date) {
  const time = date ? Date.parse(date) : Number.NaN;
  if (!Number.isNaN(time)) ahead = time - Date.now();
}

/** Milliseconds since 1970 by the server's clock. */
export const serverNow = () => Date.now() + ahead;
