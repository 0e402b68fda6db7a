// Saving what a list shows as a view: a name, and whether all may use it.

/** @import { SavedView } from "../../core/contract.ts" */

import { post } from "../../core/api.js";
import { h, show } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/me.js";
import { checkAll, textField } from "../../parts/forms.js";
import { problemText } from "../../parts/problems.js";

/**
 * A button that turns into the form.
 * @param {"referrals" | "companies"} list
 * @param {string} query
 * @param {(view: SavedView) => void} done
 */
export function saveForm(list, query, done) {
  const place = h("div");
  const begin = () => {
    const form = build(list, query, done);
    show(place, form);
    form.querySelector("input")?.focus();
  };
  show(place, h("button.menu-item", { type: "button", "data-stay": true, "data-focus": "save-as", onclick: begin }, t("views.saveAs")));
  return place;
}

/**
 * @param {"referrals" | "companies"} list
 * @param {string} query
 * @param {(view: SavedView) => void} done
 */
function build(list, query, done) {
  const name = textField(t("views.name"), { name: "view-name", required: true, maxlength: 200 });
  const all = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", name: "view-shared" }));
  return h(
    "form.menu-form",
    {
      novalidate: true,
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!checkAll([name])) return;
        try {
          const { body } = await post("/views", { name: name.value(), list, query, shared: all.checked });
          done(/** @type {SavedView} */ (body));
        } catch (error) {
          name.complain(problemText(error));
        }
      },
    },
    name.element,
    may("write") ? h("label.option", null, all, h("span.grow", null, t("views.forAll"))) : null,
    h("button.primary", { type: "submit", "data-stay": true }, t("views.keep")),
  );
}
