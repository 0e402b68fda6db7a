// The page: it looks at the address, loads what the address names, and shows it.

/** @import { Route } from "./core/router.js" */
/** @import { Sheet } from "./views/index.js" */

import { find, focusKey, h, show, template } from "./core/dom.js";
import { needPhrases, setLanguage, t, usePhrases } from "./core/i18n.js";
import { currentLanguage, preferredLanguage, rememberLanguage } from "./core/language.js";
import { loads } from "./core/loads.js";
import { askMe, feature, may, me } from "./core/me.js";
import { known } from "./core/places.js";
import { preference, remember } from "./core/preferences.js";
import { onRefresh, onRepaint } from "./core/refresh.js";
import { current, defineViews, hasSheet, href, onRoute } from "./core/router.js";
import { languageChanges } from "./core/state.js";
import { useStyles } from "./core/styles.js";
import { busySheet, fillSheet, openSheet, shutSheet } from "./parts/dialog.js";
import { problemBox } from "./parts/problems.js";
import { SHEETS, VIEWS } from "./views/index.js";
import { askSync, showsVersion, sync } from "./views/sync/status.js";

/** A load that takes longer than this shows the progress line. */
const PATIENCE_MS = 150;
/** What every view needs to say. */
const PHRASES = ["frame", "words"];
/** The rest of the frame waits for the first view, but not for longer than this. */
const FRAME_WAITS_MS = 1_500;

const root = find("#view");

/** Shows what is in the view once more, as after a change of language. */
let paintView = () => {};
/** The same for the dialog. */
let paintSheet = () => {};
/** The ids of the referrals in the view, for going from one to the next in the dialog. @type {string[]} */
let around = [];
/** What is shown or being loaded in the view, by address without the dialog. */
let shownView = "";
let late = 0;

/** @param {Route} route */
const viewAddress = ({ view: name, query, saved }) => href({ view: name, query, saved });

/**
 * The code, phrases and styles of a view or a dialog, loaded beside its data, so that they cost no time.
 * @template Data, Code
 * @param {{ phrases?: string[], styles?: string[], code: () => Promise<Code> }} described
 * @param {(code: Code) => Promise<Data>} load
 */
async function equip({ phrases = [], styles = [], code: importCode }, load) {
  try {
    const ready = Promise.all([usePhrases(...phrases), ...styles.map(useStyles)]);
    const module = await importCode();
    const [data] = await Promise.all([load(module), ready]);
    return { module, data };
  } catch (error) {
    // Why it can't be shown is in a dictionary that the first view does without.
    await usePhrases("errors").catch(() => {});
    throw error;
  }
}

const view = loads({
  /** @param {Route} route */
  fetch: async (route, signal) => {
    const described = VIEWS.find(({ name }) => name === route.view);
    if (!described) throw new Error(`There is no view ${route.view}`);
    const { module, data } = await equip(described, (made) => made.view.load(route, signal));
    return () => {
      around = module.view.around?.(data) ?? [];
      showsVersion(module.view.version?.(data) ?? "");
      // The list keeps what it has built as long as it is the list that is shown.
      if (route.view !== "referrals" && route.view !== "companies") delete root.dataset["list"];
      paintView = () => module.view.show(root, data, route);
      paintView();
      // The dialog may have been first: now it is known what comes before and after it.
      if (!busySheet()) paintSheet();
    };
  },
  failed: (route, error) => {
    paintView = () => {
      delete root.dataset["list"];
      const other = route.query.size
        ? { label: t("error.clear"), href: href({ view: route.view }) }
        : { label: t("nav.overview"), href: "/app" };
      root.replaceChildren(problemBox(error, () => view.load(current()), other));
    };
    paintView();
  },
  busy: (busy) => {
    clearTimeout(late);
    const progress = find("#progress");
    if (busy) {
      root.setAttribute("aria-busy", "true");
      late = setTimeout(() => (progress.hidden = false), PATIENCE_MS);
    } else {
      root.removeAttribute("aria-busy");
      progress.hidden = true;
    }
  },
});

/** @param {Route} route */
function startView(route) {
  if (root.dataset["view"] !== route.view) {
    root.dataset["view"] = route.view;
    delete root.dataset["list"];
    paintView = () => {};
    root.replaceChildren(template("loading"), h("p.hidden", { role: "status" }, t("loading")));
  }
  return view.load(route);
}

/** @param {Route} route @returns {Sheet | undefined} */
const sheetOf = ({ id, key, panel }) =>
  SHEETS.find((sheet) => (id ? sheet.parameter === "id" : key ? sheet.parameter === "key" : sheet.panel === panel));

/** @param {Route} route */
const sheetName = ({ id, key, panel }) => (id ? `id ${id}` : key ? `key ${key}` : `panel ${panel}`);

const sheet = loads({
  /** @param {Route} route */
  fetch: async (route, signal) => {
    const described = sheetOf(route);
    if (!described) throw new Error(`There is no dialog ${sheetName(route)}`);
    const value = route.id ?? route.key ?? route.panel ?? "";
    const { module, data } = await equip(described, (made) => made.sheet.load(value, signal));
    return () => {
      paintSheet = () => {
        const index = route.id ? around.indexOf(route.id) : -1;
        module.sheet.show(sheetName(route), data, {
          previous: (index > 0 && around[index - 1]) || null,
          next: (index >= 0 && around[index + 1]) || null,
        });
      };
      paintSheet();
    };
  },
  failed: (route, error) => {
    paintSheet = () => fillSheet(sheetName(route), { title: t("error.title") }, problemBox(error, () => startSheet(current())));
    paintSheet();
  },
});

/** @param {Route} route */
function startSheet(route) {
  paintSheet = () => {};
  if (!hasSheet(route)) {
    sheet.stop();
    shutSheet();
    return Promise.resolve();
  }
  openSheet(sheetName(route));
  return sheet.load(route);
}

/** On a small screen the links are a strip: the one that is here is brought into sight. @param {HTMLElement} link */
function reveal(link) {
  const strip = find(".views");
  strip.scrollLeft = link.offsetLeft + (link.offsetWidth - strip.clientWidth) / 2;
}

/** @param {Route} route */
function frame(route) {
  for (const link of document.querySelectorAll(".views a")) {
    const here = link.getAttribute("data-view") === route.view;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (here && link instanceof HTMLElement) reveal(link);
  }
  find("#sync-status").setAttribute("href", href({ ...route, id: null, key: null, panel: "sync" }));
  document.title = `${t(`nav.${route.view}`)} · ${t("nav.product")}`;
}

/** The links of the header: views that everybody is led to, and those that the reader is. */
function navigation() {
  const wanted = VIEWS.filter(({ nav, when }) => nav && (!when || when()));
  show(
    find(".views"),
    wanted.map(({ name }) => h("a", { href: href({ view: name }), "data-view": name }, t(`nav.${name}`))),
  );
  frame(current());
}

/** @param {Route} route */
async function follow(route) {
  frame(route);
  const address = viewAddress(route);
  const other = root.dataset["view"] !== undefined && root.dataset["view"] !== route.view;
  const turned = new URLSearchParams(address.split("?")[1]).get("page") !== new URLSearchParams(shownView.split("?")[1]).get("page");
  const shownSheet = startSheet(route);
  if (address !== shownView) {
    shownView = address;
    await startView(route);
    if (address !== shownView) return;
    const place = known();
    if (place || other || turned) scrollTo({ top: place?.top ?? 0 });
    if (place?.key && !hasSheet(route) && focusKey(root, place.key)) return;
    if (other && !hasSheet(route)) document.querySelector("h1")?.focus({ preventScroll: true });
  }
  await shownSheet;
}

/** Brings everything that is shown up to date, without disturbing the reader. Answers that did not change cost a 304. */
function refresh() {
  const route = current();
  view.refresh(route);
  if (hasSheet(route) && !busySheet()) sheet.refresh(route);
}

/** What the dialog of the sync shows comes from what is known here, and needs no request. */
function repaintPanel() {
  const { panel, id, key } = current();
  if (panel === "sync" && !id && !key && !busySheet()) paintSheet();
}

/** @param {import("./core/language.js").Language} wanted */
async function switchLanguage(wanted) {
  await setLanguage(wanted);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-language") === wanted));
  }
  navigation();
  languageChanges.set(languageChanges.get() + 1);
  paintView();
  paintSheet();
}

function languageButtons() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      const wanted = button.getAttribute("data-language") === "tr" ? "tr" : "en";
      if (wanted === currentLanguage()) return;
      rememberLanguage(wanted);
      switchLanguage(wanted);
    });
  }
}

function theme() {
  const select = /** @type {HTMLSelectElement} */ (find("#theme"));
  const apply = () => (document.documentElement.dataset["theme"] = select.value);
  select.value = preference("theme") ?? "auto";
  if (!select.value) select.value = "auto";
  apply();
  select.addEventListener("change", () => {
    remember("theme", select.value);
    apply();
  });
}

/** What stands around the view: who reads it, the state of the sync, notices, the sign-in, the keyboard. It comes after the first view has been painted. */
async function surroundings() {
  const [{ syncHeader }, { noticeBoard }, { afterRedirect, code }, { keySheet }] = await Promise.all([
    import("./views/sync/header.js"),
    import("./views/notices/notices.js"),
    import("./views/sign-in/sign-in.js"),
    import("./parts/keys.js"),
    usePhrases("sync", "sign-in", "errors"),
  ]);
  keySheet();
  // The button of the sync is enabled by now, with its listener: a click is never lost.
  syncHeader();
  noticeBoard();
  for (const source of [sync, code]) source.watch(repaintPanel);
  await Promise.all([askMe().then(afterRedirect).then(acting), askSync()]);
}

/** What acting takes, for those who may act. */
async function acting() {
  if (!may("write") || !feature("write")) return;
  const [{ dock }, { actionKeys }] = await Promise.all([
    import("./views/actions/dock.js"),
    import("./views/actions/keys.js"),
    usePhrases("actions"),
    useStyles("views/actions/actions.css"),
  ]);
  actionKeys();
  dock();
}

async function start() {
  theme();
  defineViews(VIEWS);
  languageButtons();
  const first = VIEWS.find(({ name }) => name === current().view);
  needPhrases(...PHRASES, ...(first?.phrases ?? []));
  await switchLanguage(preferredLanguage());
  onRoute(follow);
  onRefresh(refresh);
  onRepaint(() => paintView());
  me.watch(() => {
    navigation();
    paintView();
    if (!busySheet()) paintSheet();
  });
  await Promise.race([follow(current()), new Promise((resolve) => setTimeout(resolve, FRAME_WAITS_MS))]);
  requestAnimationFrame(() => setTimeout(surroundings));
}

start();
