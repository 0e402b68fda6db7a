// Fetches an export and hands it to the reader as a file; says how far it is, and what went wrong in words.

import { Problem, ROOT } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { currentLanguage } from "../../core/language.js";
import { problemText } from "../../parts/problems.js";
import { toast } from "../../parts/toasts.js";

/** What the server's address line takes. */
const LONGEST = 7_900;

/**
 * @param {"referrals" | "companies"} list
 * @param {URLSearchParams} query
 * @param {number} rows
 */
export async function download(list, query, rows) {
  query.set("language", currentLanguage());
  const address = `${ROOT}/${list}/export?${query}`;
  if (address.length > LONGEST) {
    toast("error", t("export.tooMany"));
    return;
  }
  const far = h("span.sub", { role: "status" });
  const waiting = toast("info", t("export.running", { n: rows }));
  waiting.querySelector(".toast-text")?.append(far);
  try {
    const response = await fetch(address, { cache: "no-store", redirect: "manual" });
    if (!response.ok) throw await problemOf(response);
    const parts = await received(response, (bytes) => {
      far.textContent = t("export.received", { n: number(Math.max(1, Math.round(bytes / 1024))) });
    });
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? `${list}.xlsx`;
    save(new Blob(parts, { type: response.headers.get("Content-Type") ?? "" }), name);
    toast("success", t("export.done", { name }));
  } catch (error) {
    toast("error", t("export.failed"), { detail: problemText(error instanceof TypeError ? new Problem("network") : error) });
  } finally {
    waiting.remove();
  }
}

/** @param {Response} response */
async function problemOf(response) {
  if (response.type === "opaqueredirect") return new Problem("unauthenticated", { status: 401 });
  try {
    const body = await response.json();
    return new Problem(body.code, { detail: body.detail, correlationId: body.correlationId, status: response.status });
  } catch {
    return new Problem("unreadable", { status: response.status });
  }
}

/** @param {Response} response @param {(bytes: number) => void} tell */
async function received(response, tell) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  const reader = response.body?.getReader();
  let bytes = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done || !value) break;
    parts.push(new Uint8Array(value));
    bytes += value.length;
    tell(bytes);
  }
  return parts;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = /** @type {HTMLAnchorElement} */ (h("a", { href: address, download: name, hidden: true }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
