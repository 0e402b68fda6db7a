// What colleagues say about a referral: the newest last, only ever ours. What somebody is typing survives every refresh.

/** @import { Comment, ReferralDetail } from "../../core/contract.ts" */

import { del, post, segment } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { refresh } from "../../core/refresh.js";
import { section } from "../../parts/facts.js";
import { textArea } from "../../parts/forms.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { ago } from "../../parts/values.js";

/** @param {ReferralDetail} referral */
export const comments = ({ id, comments: said }) =>
  section(
    t("comments.title"),
    [
      h("p.sub", null, t("comments.ours")),
      said.length
        ? h("ol.comments", null, said.map((comment) => line(id, comment)))
        : h("p.muted", null, t("comments.none")),
      may("write") ? form(id) : null,
    ],
    ".comments-part",
  );

/** @param {string} id @param {Comment} comment */
function line(id, comment) {
  const deletable = comment.by.id === me.get()?.id || may("operate");
  return h(
    "li",
    null,
    h(
      "p.comment-head",
      null,
      h("span.strong", { dir: "auto" }, comment.by.name),
      " ",
      h("span.sub", null, ago(comment.at)),
      deletable ? deletion(id, comment) : null,
    ),
    h("p.notes", { dir: "auto" }, comment.text),
  );
}

/** Asks once more before it deletes. @param {string} id @param {Comment} comment */
function deletion(id, comment) {
  const button = h(
    "button.small.comment-delete",
    {
      type: "button",
      "data-focus": `delete-${comment.id}`,
      "aria-label": t("comments.delete.label", { name: comment.by.name }),
      onclick: async () => {
        if (!button.dataset["sure"]) {
          button.dataset["sure"] = "true";
          button.textContent = t("comments.sure");
          return;
        }
        try {
          await del(`/referrals/${segment(id)}/comments/${segment(comment.id)}`);
          refresh();
        } catch (error) {
          toast("error", t("comments.failed"), { detail: problemText(error) });
        }
      },
      onblur: () => {
        delete button.dataset["sure"];
        button.textContent = t("comments.delete");
      },
    },
    t("comments.delete"),
  );
  return button;
}

/** @param {string} id */
function form(id) {
  const text = textArea(t("comments.add"), { name: "comment", maxlength: 4000, rows: 3 });
  const made = h(
    "form.comment-form",
    {
      "data-keep": `comment-${id}`,
      novalidate: true,
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        const said = text.value();
        if (!said) return text.control.focus();
        send.setAttribute("disabled", "");
        try {
          await post(`/referrals/${segment(id)}/comments`, { text: said });
          // Whoever went on typing meanwhile keeps what they typed.
          if (text.value() === said) text.control.value = "";
          busy();
          refresh();
        } catch (error) {
          text.complain(problemText(error));
        } finally {
          send.removeAttribute("disabled");
        }
      },
    },
    text.element,
  );
  const send = h("button", { type: "submit" }, t("comments.send"));
  made.append(send);
  const busy = () => made.toggleAttribute("data-busy", text.control.value !== "");
  text.control.addEventListener("input", busy);
  text.control.addEventListener("keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) /** @type {HTMLFormElement} */ (made).requestSubmit();
  });
  return made;
}
