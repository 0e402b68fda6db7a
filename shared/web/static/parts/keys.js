// The sheet of keyboard shortcuts, behind "?".

import { h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { listed, shortcut } from "../core/keys.js";

/** Registers the key, and what every dialog and list understands. */
export function keySheet() {
  shortcut({ keys: "?", label: "keys.help", run: showKeys });
}

/** Shows all shortcuts there are at this moment. */
export function showKeys() {
  if (document.querySelector("dialog.keys")) return;
  /** @type {Map<string, string[]>} */
  const lines = new Map();
  for (const { label, keys, shown } of listed()) lines.set(label, [...new Set([...(lines.get(label) ?? []), shown ?? keys])]);
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog.keys",
      { "aria-labelledby": "keys-title" },
      h(
        "header",
        null,
        h("h2", { id: "keys-title" }, t("keys.title")),
        h("button.plain", { type: "button", "aria-label": t("sheet.close"), onclick: () => dialog.close() }, icon("close")),
      ),
      h(
        "dl",
        null,
        [...lines].map(([label, keys]) =>
          h("div", null, h("dt", null, keys.map((key) => h("kbd", null, key))), h("dd", null, t(label))),
        ),
      ),
    )
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  (document.querySelector("dialog[open]") ?? document.body).append(dialog);
  dialog.showModal();
}
