// The menu of views beside a list's title: ready-made ones, one's own, shared ones, each with its count; and saving what is shown.

/** @import { Page, SavedView } from "../../core/contract.ts" */
/** @import { Route } from "../../core/router.js" */

import { del, get, post, put, segment } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { may, me } from "../../core/me.js";
import { repaint } from "../../core/refresh.js";
import { go, href } from "../../core/router.js";
import { closeMenus, menu } from "../../parts/menu.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";
import { tellHref } from "../notifications/tell-me.js";
import { BUILT_IN } from "./built-in.js";
import { comparable, keepable, loadViews, meetView, shown } from "./known.js";
import { saveForm } from "./save-form.js";

/** @typedef {"referrals" | "companies"} ListName */

/** @param {ListName} list @param {string} query @param {string} [saved] */
const address = (list, query, saved) => href({ view: list, query: new URLSearchParams(query), saved: saved ?? null });

/**
 * @param {ListName} list
 * @param {Route} route
 */
export function viewsMenu(list, route) {
  const known = shown(list, route);
  const label = known ? known.name : t("views.title");
  return menu(
    "views",
    [h("span.menu-label", { dir: "auto" }, label), known?.modified ? h("span.badge.orange", null, t("views.modified")) : ""],
    () => content(list, route),
    { title: t("views.title"), kind: ".button" },
  );
}

/** @param {ListName} list @param {Route} route */
async function content(list, route) {
  const ready = BUILT_IN[list].map((view) => entry(list, route, t(view.name), view.query, null, counted(list, view.query)));
  /** @type {SavedView[]} */
  let saved = [];
  /** @type {Node | null} */
  let failed = null;
  try {
    saved = (await loadViews()).filter((view) => view.list === list);
  } catch (error) {
    failed = h("p.muted", null, problemText(error));
  }
  const own = saved.filter((view) => !view.shared);
  const shared = saved.filter((view) => view.shared);
  /** @param {SavedView} view */
  const line = (view) => entry(list, route, view.name, view.query, view, view.total);
  return [
    h("div.menu-group", { role: "group", "aria-label": t("views.ready") }, h("p.menu-title", null, t("views.ready")), ready),
    own.length ? h("div.menu-group", { role: "group", "aria-label": t("views.own") }, h("p.menu-title", null, t("views.own")), own.map(line)) : null,
    shared.length
      ? h("div.menu-group", { role: "group", "aria-label": t("views.shared") }, h("p.menu-title", null, t("views.shared")), shared.map(line))
      : null,
    failed,
    actions(list, route, saved),
  ];
}

/** @param {ListName} list @param {string} query @returns {Promise<number | null>} */
async function counted(list, query) {
  const all = new URLSearchParams(query);
  all.set("pageSize", "1");
  try {
    return /** @type {Page<unknown>} */ (await get(`/${list}?${all}`)).total;
  } catch {
    return null;
  }
}

/**
 * @param {ListName} list
 * @param {Route} route
 * @param {string} name
 * @param {string} query
 * @param {SavedView | null} view
 * @param {number | null | Promise<number | null>} total
 */
function entry(list, route, name, query, view, total) {
  const count = h("span.sub");
  /** @param {number | null} found */
  const tell = (found) => {
    count.textContent = found === null ? "–" : number(found);
  };
  if (total instanceof Promise) total.then(tell);
  else tell(total);
  return h(
    "a.menu-item",
    {
      href: address(list, query, view?.id),
      "aria-current": comparable(query) === comparable(route.query) && (!view || view.id === route.saved) ? "true" : null,
      onclick: () => setTimeout(repaint),
    },
    h("span.grow", { dir: "auto" }, name, view?.shared ? h("span.sub.block", null, t("views.by", { name: view.owner.name })) : null),
    count,
  );
}

/**
 * @param {ListName} list
 * @param {Route} route
 * @param {SavedView[]} saved
 */
function actions(list, route, saved) {
  const known = shown(list, route);
  const view = saved.find(({ id }) => id === known?.view?.id) ?? null;
  const changeable = view && (view.owner.id === me.get()?.id ? !view.shared || may("write") : may("operate"));
  const query = keepable(route.query);
  return h(
    "div.menu-group",
    null,
    changeable && known?.modified
      ? h("button.menu-item", { type: "button", onclick: () => save(view, query) }, t("views.save", { name: view.name }))
      : null,
    known?.modified && view
      ? h("a.menu-item", { href: address(list, view.query, view.id) }, t("views.reset"))
      : null,
    list === "referrals" ? h("a.menu-item", { href: tellHref(route.query), title: t("tell.hint") }, t("tell.me")) : null,
    saveForm(list, query, (made) => {
      meetView(made);
      closeMenus();
      toast("success", t("views.saved", { name: made.name }));
      go(address(list, made.query, made.id));
      repaint();
    }),
    changeable
      ? h("button.menu-item.danger", { type: "button", onclick: () => remove(list, view) }, t("views.delete", { name: view.name }))
      : null,
  );
}

/** @param {SavedView} view @param {string} query */
async function save(view, query) {
  try {
    const { body } = await put(`/views/${segment(view.id)}`, { query });
    const saved = /** @type {SavedView} */ (body);
    meetView(saved);
    toast("success", t("views.saved", { name: saved.name }));
    repaint();
  } catch (error) {
    toast("error", t("views.failed"), { detail: problemText(error) });
  }
}

/** @param {ListName} list @param {SavedView} view */
async function remove(list, view) {
  try {
    await del(`/views/${segment(view.id)}`);
    go(address(list, view.query));
    const again = async () => {
      const { body } = await post("/views", { name: view.name, list: view.list, query: view.query, shared: view.shared });
      const made = /** @type {SavedView} */ (body);
      meetView(made);
      go(address(list, made.query, made.id));
      repaint();
    };
    toast("success", t("views.deleted", { name: view.name }), { action: { label: t("undo"), run: again } });
    repaint();
  } catch (error) {
    toast("error", t("views.failed"), { detail: problemText(error) });
  }
}
