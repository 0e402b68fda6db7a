// The keyboard: from one referral to the next, and what is done most.

import { shortcut } from "../../core/keys.js";

/** @param {string} selector */
function press(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement) || element.getAttribute("aria-disabled") === "true") return false;
  element.click();
  return true;
}

const inSheet = () => document.querySelector("dialog#sheet[open]") !== null;

/** To the next row, or the one before; the first when none has focus. @param {1 | -1} step */
function walk(step) {
  if (inSheet()) return press(`#sheet [data-focus="step-${step > 0 ? "right" : "left"}"]`);
  const links = [...document.querySelectorAll("#view tbody a.opener, #view .activity a.opener")];
  const here = links.findIndex((link) => link.closest("tr, li")?.contains(document.activeElement));
  const there = links[here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step];
  if (!(there instanceof HTMLElement)) return false;
  there.focus();
  return true;
}

/** Registers them. */
export function actionKeys() {
  shortcut(
    { keys: "j", shown: "J", label: "keys.next", run: () => walk(1) },
    { keys: "k", shown: "K", label: "keys.previous", run: () => walk(-1) },
    { keys: "Enter", shown: "Enter", label: "keys.open", run: () => false },
    { keys: "a", shown: "A", label: "keys.accept", run: () => press('#sheet [data-act="accept"]'), when: inSheet },
    { keys: "d", shown: "D", label: "keys.decline", run: () => press('#sheet [data-act="decline"]'), when: inSheet },
    { keys: "w", shown: "W", label: "keys.win", run: () => press('#sheet [data-act="win"]'), when: inSheet },
    { keys: "l", shown: "L", label: "keys.lose", run: () => press('#sheet [data-act="lose"]'), when: inSheet },
    { keys: "u", shown: "U", label: "keys.update", run: () => press('#sheet [data-act="update"]'), when: inSheet },
  );
}
