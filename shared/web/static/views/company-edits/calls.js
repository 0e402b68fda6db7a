// What people say of a company, as the app keeps it.

/** @import { CompanyDetail } from "../../core/contract.ts" */

import { del, put, segment } from "../../core/api.js";

const path = (/** @type {string} */ key, /** @type {"name" | "merged"} */ what) => `/companies/${segment(key)}/${what}`;

/** The company as it is then. @param {string} key @param {string} name */
export const rename = async (key, name) => /** @type {CompanyDetail} */ ((await put(path(key, "name"), { name })).body);

/** @param {string} key */
export const useOwnName = async (key) => void (await del(path(key, "name")));

/** The company that both are then. @param {string} key @param {string} into */
export const merge = async (key, into) => /** @type {CompanyDetail} */ ((await put(path(key, "merged"), { into })).body);

/** @param {string} key */
export const part = async (key) => void (await del(path(key, "merged")));
