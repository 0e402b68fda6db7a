// Asking before something is done that can't be taken back.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

/**
 * @param {string} title
 * @param {string} text what will happen
 * @param {string} action what the button says
 * @returns {Promise<boolean>} whether it is to be done
 */
export function ask(title, text, action) {
  return new Promise((resolve) => {
    let agreed = false;
    const dialog = /** @type {HTMLDialogElement} */ (
      h(
        "dialog.ask",
        { "aria-labelledby": "ask-title" },
        h("h2", { id: "ask-title" }, title),
        h("p", null, text),
        h(
          "div.actions",
          null,
          h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("cancel")),
          h(
            "button.danger",
            {
              type: "button",
              onclick: () => {
                agreed = true;
                dialog.close();
              },
            },
            action,
          ),
        ),
      )
    );
    dialog.addEventListener("cancel", (event) => event.stopPropagation());
    dialog.addEventListener("close", (event) => {
      event.stopPropagation();
      dialog.remove();
      resolve(agreed);
    });
    (document.querySelector("dialog[open]") ?? document.body).append(dialog);
    dialog.showModal();
  });
}
