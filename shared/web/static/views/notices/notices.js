// What everybody should know before reading the data, with the action at hand. A room that has something to say adds a line to SOURCES.

import { find, h, icon, show } from "../../core/dom.js";
import { languageChanges } from "../../core/state.js";
import { me } from "../../core/me.js";
import { code } from "../sign-in/sign-in.js";
import { sync } from "../sync/status.js";
import { signInNotices } from "./sign-in.js";
import { settingsNotices, syncNotices } from "./sync.js";

/**
 * @typedef {object} Notice
 * @property {string} name
 * @property {"info" | "warn" | "bad"} tone
 * @property {string} title
 * @property {(Node | string | null)[]} [content]
 * @property {(Node | null)[]} [actions]
 * @property {string} [version] whatever else the look depends on; while it is the same, the notice is left alone
 */

/** Functions of what the stores know. @type {(() => Notice[])[]} */
const SOURCES = [settingsNotices, signInNotices, syncNotices];

let shown = "";

/** Shows the notices, touching the page only when they changed. */
function paint() {
  const notices = SOURCES.flatMap((source) => source());
  const look = JSON.stringify([languageChanges.get(), me.get()?.roles, notices.map(({ name, title, version }) => [name, title, version])]);
  if (look === shown) return;
  shown = look;
  show(
    find("#notices"),
    notices.map(({ name, tone, title, content, actions }) =>
      h(
        `section.notice.${tone}`,
        { "data-notice": name, "aria-label": title },
        icon(tone === "info" ? "info" : "warning"),
        h("div", null, h("p.strong", null, title), content ?? []),
        actions?.some(Boolean) ? h("div.actions", null, actions) : null,
      ),
    ),
  );
}

/** Keeps the notices up to date from now on. */
export function noticeBoard() {
  for (const source of [sync, code, me, languageChanges]) source.watch(paint);
  paint();
}
