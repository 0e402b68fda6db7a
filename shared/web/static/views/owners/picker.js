// Choosing who takes care of referrals: people who have used the app, whoever is on the referral's team first, or any address.

/** @import { AppPerson, Owner } from "../../core/contract.ts" */

import { get, post, segment } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { fold } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { me } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";

const MAIL = /^[^\s@]+@[^\s@]+$/;
const SHOWN = 8;

/**
 * Opens a dialog, and sets what is chosen.
 * @param {string[]} ids
 * @param {{ owner?: Owner | null, team?: string[], done?: () => void }} [known] the owner now, addresses of the referral's team
 */
export function pickOwner(ids, { owner = null, team = [], done = () => {} } = {}) {
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog.picker", { "aria-label": t("owner.title", { n: ids.length }) }));
  /** @type {AppPerson[]} */
  let people = [];
  const list = h("ul.results", { "aria-label": t("owner.people") });
  const search = /** @type {HTMLInputElement} */ (
    h("input", { type: "search", autocomplete: "off", maxlength: 320, "aria-label": t("owner.search"), placeholder: t("owner.search") })
  );
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  /** @param {string | null} mail */
  const choose = async (mail) => {
    try {
      if (ids.length === 1) await post(`/referrals/${segment(ids[0] ?? "")}/owner`, { mail });
      else await post("/referrals/owner", { ids, mail });
      close();
      toast("success", mail ? t("owner.set", { n: ids.length, name: nameOf(mail, people) }) : t("owner.unset", { n: ids.length }));
      done();
      refresh();
    } catch (error) {
      show(problem, h("p.error", { role: "alert" }, problemText(error)));
    }
  };
  const problem = h("div");
  const paint = () => show(list, ...offers(search.value, people, { owner, team, choose }));
  search.addEventListener("input", paint);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector("button")?.click();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  dialog.append(
    h(
      "div.picker-body",
      null,
      h("h2", null, t("owner.title", { n: ids.length })),
      search,
      problem,
      list,
      h("div.actions", null, h("button", { type: "button", onclick: close }, t("owner.cancel"))),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  search.focus();
  paint();
  load();

  async function load() {
    try {
      people = /** @type {{ items: AppPerson[] }} */ (await get("/people")).items;
    } catch (error) {
      show(problem, h("p.error", { role: "alert" }, problemText(error)));
    }
    paint();
  }
}

/** @param {string} mail @param {AppPerson[]} people */
const nameOf = (mail, people) => people.find((person) => person.mail.toLowerCase() === mail.toLowerCase())?.name ?? mail;

/**
 * @param {string} typed
 * @param {AppPerson[]} people
 * @param {{ owner: Owner | null, team: string[], choose: (mail: string | null) => void }} context
 */
function offers(typed, people, { owner, team, choose }) {
  const words = fold(typed.trim());
  const mine = me.get()?.mail.toLowerCase();
  const onTeam = team.map((mail) => mail.toLowerCase());
  /** @param {AppPerson} person */
  const rank = ({ mail }) => (mail.toLowerCase() === mine ? 0 : onTeam.includes(mail.toLowerCase()) ? 1 : 2);
  const found = people
    .filter(({ mail, name }) => fold(`${name} ${mail}`).includes(words))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, SHOWN);
  /** @param {string} label @param {string} note @param {string | null} mail */
  const line = (label, note, mail) =>
    h(
      "li",
      null,
      h(
        "button",
        { type: "button", "data-focus": `owner-${mail}`, "aria-current": mail === (owner?.mail ?? null) ? "true" : null, onclick: () => choose(mail) },
        h("span.strong", { dir: "auto" }, label),
        h("span.sub", { dir: "auto" }, note),
      ),
    );
  const typedMail = typed.trim();
  const isNew = MAIL.test(typedMail) && !found.some(({ mail }) => mail.toLowerCase() === typedMail.toLowerCase());
  return [
    ...found.map((person) =>
      line(
        person.name,
        [person.mail, ["owner.you", "owner.onTeam", ""][rank(person)]].filter(Boolean).map((part) => (part?.startsWith("owner.") ? t(part) : part)).join(" · "),
        person.mail,
      ),
    ),
    isNew ? line(typedMail, t("owner.byMail"), typedMail) : null,
    found.length === 0 && !isNew ? h("li.muted", null, t("owner.nobody")) : null,
    owner || !words ? line(t("owner.none"), t("owner.none.hint"), null) : null,
  ];
}
