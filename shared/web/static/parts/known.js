// Names met so far that an address knows only by their key.

/** @type {Map<string, string>} */
const companyNames = new Map();

/** @param {string | null} key @param {string | null} name */
export const meetCompany = (key, name) => key && name && companyNames.set(key, name);

/** @param {string} key */
export const companyName = (key) => companyNames.get(key) ?? key;

/** How many there are without any filter. @type {Record<string, number | null>} */
export const totals = { referrals: null, companies: null };
