// What is under way, above everything else and wherever the reader goes: seconds left, and the way back.

import { find, h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { me } from "../../core/me.js";
import { mount, store } from "../../core/state.js";
import { hurry, secondsLeft, takeUp, under, undo } from "./track.js";
import { named } from "./words.js";

const tick = store(0);
let ticking = false;

/** Counts while something waits. */
function pace() {
  if (ticking || !under.get().some(({ state }) => state === "waiting")) return;
  ticking = true;
  setTimeout(() => {
    ticking = false;
    tick.set(tick.get() + 1);
    pace();
  }, 500);
}

/** Puts the dock where messages are, for they are in reach also while a dialog is open. */
export function dock() {
  const place = h("section", { class: "dock", "aria-label": t("act.dock") });
  find("#toasts").prepend(place);
  under.watch(pace);
  mount(place, [under, tick], () =>
    under.get().map((action) => {
      const name = action.referralName ?? t("unnamed.referral");
      const waits = action.state === "waiting";
      return h(
        "div.docked",
        { "data-state": action.state },
        h("div.grow", null, h("p.strong", { dir: "auto" }, `${named(action)} · ${name}`), h("p.sub", null, line(action))),
        waits
          ? h("button", { type: "button", "data-focus": `undo-${action.id}`, onclick: () => undo(action) }, t("act.undo"))
          : null,
        waits
          ? h("button.small", { type: "button", "data-focus": `send-${action.id}`, onclick: () => hurry(action, "send") }, t("act.send"))
          : null,
      );
    }),
  );
  let known = "";
  const begin = () => {
    const id = me.get()?.id ?? "";
    if (id && id !== known) {
      known = id;
      takeUp();
    }
  };
  me.watch(begin);
  begin();
}

/** @param {import("../../core/contract.ts").Action} action */
const line = (action) =>
  action.state === "waiting" ? t("act.in", { n: secondsLeft(action) }) : t(`act.hint.${action.state}`);
