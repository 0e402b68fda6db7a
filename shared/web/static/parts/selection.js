// Ticked rows of a list: which they are, and a way to tick a range with Shift. What can be done with them is no concern of this.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { store } from "../core/state.js";

/** The most that may be ticked at once, as the API takes them. */
export const MOST = 200;

/**
 * @typedef {object} Selection
 * @property {import("../core/state.js").Store<ReadonlySet<string>>} ids the ticked ones
 * @property {(order: string[]) => void} shows says which rows are on the page, in their order
 * @property {(id: string, label: string) => HTMLElement} box the box of a row
 * @property {() => HTMLElement} allBox the box in the header: all of the page
 * @property {(ids: Iterable<string>) => void} choose ticks these and no others
 * @property {() => void} clear
 */

/** @returns {Selection} */
export function selection() {
  const ids = store(/** @type {ReadonlySet<string>} */ (new Set()));
  /** @type {string[]} */
  let order = [];
  /** The row that a range begins at. @type {string | null} */
  let anchor = null;

  /** @param {Iterable<string>} chosen */
  const choose = (chosen) => ids.set(new Set([...chosen].slice(0, MOST)));

  /** @param {string} id @param {boolean} on @param {boolean} range */
  function tick(id, on, range) {
    const from = range && anchor !== null ? order.indexOf(anchor) : -1;
    const to = order.indexOf(id);
    const meant = from < 0 || to < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
    anchor = id;
    const now = new Set(ids.get());
    for (const each of meant) {
      if (on) now.add(each);
      else now.delete(each);
    }
    choose(now);
  }

  /** @param {HTMLInputElement} input @param {() => boolean | "some"} state */
  function follow(input, state) {
    const paint = () => {
      const now = state();
      input.checked = now === true;
      input.indeterminate = now === "some";
    };
    const end = ids.watch(() => (input.isConnected ? paint() : end()));
    paint();
    return input;
  }

  return {
    ids,
    choose,
    clear: () => ids.set(new Set()),
    shows: (rows) => {
      order = rows;
    },
    box: (id, label) => {
      let shift = false;
      const input = /** @type {HTMLInputElement} */ (
        h("input", {
          type: "checkbox",
          "data-focus": `tick-${id}`,
          "aria-label": t("select.row", { name: label }),
          onclick: (/** @type {MouseEvent} */ event) => {
            shift = event.shiftKey;
          },
          onchange: () => tick(id, input.checked, shift),
        })
      );
      return h("label.tick", null, follow(input, () => ids.get().has(id)));
    },
    allBox: () => {
      const input = /** @type {HTMLInputElement} */ (
        h("input", {
          type: "checkbox",
          "data-focus": "tick-all",
          "aria-label": t("select.page"),
          onchange: () => choose(input.checked ? [...ids.get(), ...order] : [...ids.get()].filter((id) => !order.includes(id))),
        })
      );
      const state = () => {
        const ticked = order.filter((id) => ids.get().has(id)).length;
        return ticked === 0 ? false : ticked === order.length ? true : /** @type {const} */ ("some");
      };
      return h("label.tick", null, follow(input, state));
    },
  };
}
