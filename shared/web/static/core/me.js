// Who reads, what that person may do, and which features are switched on. Nobody is shown a button that can only fail.

/** @import { Me } from "./contract.ts" */

import { get } from "./api.js";
import { store } from "./state.js";

/** Null until the server has said it. @type {import("./state.js").Store<Me | null>} */
export const me = store(/** @type {Me | null} */ (null));

/** @type {Promise<void> | null} */
let asking = null;

/** Asks the server; a failure leaves what is known, and is asked again the next time. */
export function askMe() {
  asking ??= (async () => {
    try {
      me.set(/** @type {Me} */ (await get("/me")));
    } catch {
      // Nothing is offered that may not be done; what is read says more about what is wrong.
    } finally {
      asking = null;
    }
  })();
  return asking;
}

/** @typedef {"read" | "write" | "operate"} Role */

/** Whether the person has a role; each includes those before it, as the server lists them. @param {Role} role */
export const may = (role) => me.get()?.roles.includes(role) ?? false;

/** Whether a feature is switched on. @param {keyof Me["features"]} name */
export const feature = (name) => me.get()?.features[name] ?? false;
