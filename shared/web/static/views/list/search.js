// The search field of a list, which looks for what is typed as it is typed.

import { h, icon } from "../../core/dom.js";
import { shortcut } from "../../core/keys.js";
import { changed, current, go } from "../../core/router.js";

/** @param {string} label */
export function searchField(label) {
  const input = h("input", { type: "search", id: "q", maxlength: 200, autocomplete: "off", spellcheck: "false", placeholder: label, "aria-label": label });
  searchAsTyped(/** @type {HTMLInputElement} */ (input));
  return h("div.search", null, icon("search"), input);
}

// As in many mail programs, "/" goes to the search.
shortcut({
  keys: "/",
  label: "keys.search",
  when: () => document.querySelector("input#q") !== null && document.querySelector("dialog[open]") === null,
  run: () => {
    const search = /** @type {HTMLInputElement} */ (document.querySelector("input#q"));
    search.focus();
    search.select();
  },
});

/** @param {HTMLInputElement} input */
function searchAsTyped(input) {
  let timer = 0;
  /** Whether this visit to the field already has an entry in the history. */
  let entered = false;
  const apply = () => {
    clearTimeout(timer);
    const route = current();
    const q = input.value.trim();
    if (q === (route.query.get("q") ?? "")) return;
    go(changed(route, { q }), { replace: entered });
    entered = true;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 180);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") apply();
    const row = event.key === "ArrowDown" && !event.isComposing ? document.querySelector("#view tbody a.opener") : null;
    if (!(row instanceof HTMLElement)) return;
    event.preventDefault();
    row.focus();
  });
  input.addEventListener("blur", () => {
    apply();
    entered = false;
  });
}
