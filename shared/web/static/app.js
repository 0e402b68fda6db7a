// The page: it looks at the address, loads what the address names, and shows it.

/** @import { Route } from "./route.js" */

import { api } from "./api.js";
import { meetCompany, meetCurrencies } from "./labels.js";
import { find, h, template } from "./dom.js";
import { currentLanguage, preference, preferredLanguage, remember, rememberLanguage, setLanguage, t } from "./i18n.js";
import { afterRedirect, paintNotices, watchSignIn } from "./notices.js";
import { problemBox } from "./messages.js";
import { current, hasSheet, href, onRoute } from "./route.js";
import { busySheet, fillSheet, openSheet, shutSheet } from "./sheet.js";
import { afterSync, askSync, paint, showsVersion, startSync, syncStatus, watchSync } from "./sync.js";

const THEME = "hunter.theme";
/** A load that takes longer than this shows the progress line. */
const PATIENCE_MS = 150;

const root = find("#view");

/** How many there are without any filter. @type {{ referrals: number | null, companies: number | null }} */
const totals = { referrals: null, companies: null };
/** The ids of the referrals in the view, for going from one to the next in the dialog. @type {string[]} */
let around = [];
/** Shows what is in the view once more, for another language. @type {(() => void) | null} */
let again = null;
/** The same for the dialog. @type {(() => void) | null} */
let sheetAgain = null;

/** What is shown or being loaded in the view, by address without the dialog. */
let shownView = "";
let viewLoad = new AbortController();
let sheetLoad = new AbortController();

/** @param {Route} route */
const viewAddress = ({ view, query }) => href({ view, query });

/** @param {unknown} error */
const aborted = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * Loads the view of a route. A quiet load leaves what is shown alone until the new data is there, and on failure for good.
 * @param {Route} route
 * @param {boolean} quiet
 */
async function loadView(route, quiet) {
  viewLoad.abort();
  const mine = (viewLoad = new AbortController());
  const name = root.dataset["view"];
  const first = name !== route.view;
  if (first) {
    root.dataset["view"] = route.view;
    delete root.dataset["list"];
    root.replaceChildren(template("loading"), h("p.hidden", { role: "status" }, t("loading")));
  }
  root.setAttribute("aria-busy", "true");
  const progress = find("#progress");
  const late = setTimeout(() => (progress.hidden = quiet), PATIENCE_MS);
  try {
    const paintView = await fetchView(route, mine.signal);
    if (mine.signal.aborted) return;
    again = paintView;
    paintView();
    // The dialog may have been first: now it is known what comes before and after it.
    if (!busySheet()) sheetAgain?.();
  } catch (error) {
    if (aborted(error) || mine.signal.aborted) return;
    if (quiet) return;
    again = () => {
      delete root.dataset["list"];
      root.replaceChildren(
        problemBox(error, () => loadView(current(), false), {
          label: t(route.query.size ? "filters.clear" : "nav.overview"),
          href: route.query.size ? href({ view: route.view }) : "/app",
        }),
      );
    };
    again();
  } finally {
    clearTimeout(late);
    if (viewLoad === mine) {
      progress.hidden = true;
      root.removeAttribute("aria-busy");
    }
  }
}

/**
 * @param {Route} route
 * @param {AbortSignal} signal
 * @returns {Promise<() => void>} what shows it
 */
async function fetchView(route, signal) {
  if (route.view === "overview") {
    const [summary, { showOverview }] = await Promise.all([api.summary(signal), import("./overview.js")]);
    totals.referrals = summary.total;
    totals.companies = summary.companies.total;
    meetCurrencies([...Object.keys(summary.openValue), ...Object.keys(summary.wonValue)]);
    around = summary.unanswered.next.map(({ id }) => id);
    showsVersion(summary.dataVersion);
    return () => showOverview(root, summary);
  }
  const lists = Promise.all([import("./list.js"), import("./lists.js")]);
  if (route.view === "companies") {
    const page = await api.companies(route.query, signal);
    const [{ showList }, { companies }] = await lists;
    learnTotal("companies", route, page.total);
    showsVersion(page.dataVersion);
    around = [];
    return () => showList(root, companies, route, page, totals.companies);
  }
  const page = await api.referrals(route.query, signal);
  const [{ showList }, { referrals }] = await lists;
  meetCurrencies(page.items.map(({ currency }) => currency));
  for (const { companyKey, companyName } of page.items) meetCompany(companyKey, companyName);
  learnTotal("referrals", route, page.total);
  showsVersion(page.dataVersion);
  around = page.items.map(({ id }) => id);
  return () => showList(root, referrals, route, page, totals.referrals);
}

/**
 * The whole number is known from the unfiltered list or the summary; until then the sentence goes without it.
 * @param {"referrals" | "companies"} view
 * @param {Route} route
 * @param {number} total
 */
function learnTotal(view, route, total) {
  const filtered = [...route.query.keys()].some((name) => name !== "sort" && name !== "page");
  if (!filtered) totals[view] = total;
  else if (totals[view] === null) {
    setTimeout(async () => {
      try {
        const summary = await api.summary();
        totals.referrals ??= summary.total;
        totals.companies ??= summary.companies.total;
        again?.();
      } catch {
        // The sentence does without.
      }
    });
  }
}

/**
 * Loads what the dialog is to show.
 * @param {Route} route
 * @param {boolean} quiet
 */
async function loadSheet(route, quiet) {
  sheetLoad.abort();
  const mine = (sheetLoad = new AbortController());
  if (!quiet) sheetAgain = null;
  if (!hasSheet(route)) return shutSheet();
  const name = sheetName(route);
  openSheet(name);
  try {
    const paintSheet = await fetchSheet(route, name, mine.signal);
    if (mine.signal.aborted) return;
    sheetAgain = paintSheet;
    paintSheet();
  } catch (error) {
    if (aborted(error) || mine.signal.aborted || quiet) return;
    fillSheet(name, { title: t("error.title") }, problemBox(error, () => loadSheet(current(), false)));
  }
}

/** @param {Route} route */
const sheetName = ({ id, key, panel }) => (id ? `id ${id}` : key ? `key ${key}` : `panel ${panel}`);

/**
 * @param {Route} route
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<() => void>} what shows it
 */
async function fetchSheet({ id, key, panel }, name, signal) {
  const reload = () => {
    loadSheet(current(), true);
    loadView(current(), true);
  };
  if (id) {
    const [referral, { showReferral }] = await Promise.all([api.referral(id, signal), import("./referral-detail.js")]);
    meetCompany(referral.companyKey, referral.companyName);
    return () => {
      const index = around.indexOf(id);
      showReferral(name, referral, {
        previous: (index > 0 && around[index - 1]) || null,
        next: (index >= 0 && around[index + 1]) || null,
        refresh: reload,
      });
    };
  }
  if (key) {
    const [company, { showCompany }] = await Promise.all([api.company(key, signal), import("./company-detail.js")]);
    meetCompany(company.key, company.name);
    return () => showCompany(name, company, reload);
  }
  const { showQuarantine, showSyncPanel } = await import("./panel.js");
  if (panel === "quarantine") {
    const quarantine = await api.quarantine();
    return () => showQuarantine(name, quarantine);
  }
  const status = syncStatus() ?? (await api.status());
  return () => showSyncPanel(name, syncStatus() ?? status);
}

/** @param {Route} route */
function frame(route) {
  for (const link of document.querySelectorAll(".views a")) {
    const here = link.getAttribute("data-view") === route.view;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  find("#sync-status").setAttribute("href", href({ ...route, id: null, key: null, panel: "sync" }));
  document.title = `${t(`nav.${route.view}`)} · ${t("nav.product")}`;
}

/** @param {Route} route */
async function follow(route) {
  frame(route);
  const address = viewAddress(route);
  const other = root.dataset["view"] !== undefined && root.dataset["view"] !== route.view;
  const turned = new URLSearchParams(address.split("?")[1]).get("page") !== new URLSearchParams(shownView.split("?")[1]).get("page");
  const sheet = loadSheet(route, false);
  if (address !== shownView) {
    shownView = address;
    await loadView(route, false);
    if (address !== shownView) return;
    if (other || turned) scrollTo({ top: 0 });
    if (other && !hasSheet(route)) document.querySelector("h1")?.focus({ preventScroll: true });
  }
  await sheet;
}

/** Brings everything that is shown up to date, without disturbing the reader. Answers that did not change cost a 304. */
function refresh() {
  const route = current();
  loadView(route, true);
  if (hasSheet(route) && !busySheet()) loadSheet(route, true);
}

/** @param {string} language */
async function switchLanguage(language) {
  const wanted = language === "tr" ? "tr" : "en";
  await setLanguage(wanted);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-language") === wanted));
  }
  find("#sync-status").dataset["text"] = "";
  paint();
  paintNotices();
  frame(current());
  again?.();
  sheetAgain?.();
}

function theme() {
  const select = /** @type {HTMLSelectElement} */ (find("#theme"));
  const apply = () => (document.documentElement.dataset["theme"] = select.value);
  select.value = preference(THEME) ?? "auto";
  if (!select.value) select.value = "auto";
  apply();
  select.addEventListener("change", () => {
    remember(THEME, select.value);
    apply();
  });
}

async function start() {
  theme();
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      const wanted = button.getAttribute("data-language") === "tr" ? "tr" : "en";
      if (wanted === currentLanguage()) return;
      rememberLanguage(wanted);
      switchLanguage(wanted);
    });
  }
  find("#sync-button").addEventListener("click", () => startSync());
  // Only now, with its listener, is the button enabled: a click is never lost.
  await switchLanguage(preferredLanguage());
  onRoute(follow);
  watchSync(() => {
    paintNotices();
    const route = current();
    if (route.panel === "sync" && !route.id && !route.key && !busySheet()) loadSheet(route, true);
  });
  watchSignIn(() => {
    paintNotices();
    const route = current();
    if (route.panel === "sync") loadSheet(route, true);
  });
  afterSync(refresh);
  await follow(current());
  // The view first; what the sync is doing comes after it has been painted.
  requestAnimationFrame(() => setTimeout(() => Promise.all([askSync(), afterRedirect()])));
}

start();
