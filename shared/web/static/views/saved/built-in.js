// The views that are there from the start: their names are phrases, their queries as in the list's address.

/** @typedef {{ name: string, query: string }} BuiltIn */

/** @type {Record<"referrals" | "companies", BuiltIn[]>} */
export const BUILT_IN = {
  referrals: [
    { name: "view.mine", query: "owner=me&direction=Incoming&status=New&sort=expirationDateTime" },
    { name: "view.due", query: "expiring=7&sort=expirationDateTime" },
    { name: "view.coSell", query: "category=coSell&status=New&status=Active" },
    { name: "view.closing", query: "status=New&status=Active&closing=thisMonth&sort=closingDateTime" },
    { name: "view.past", query: "status=New&status=Active&closing=past&sort=closingDateTime" },
    { name: "view.unowned", query: "owner=none&status=New&status=Active" },
  ],
  companies: [
    { name: "view.review", query: "needsReview=true" },
    { name: "view.m365", query: "m365=true&sort=-referralCount" },
  ],
};
