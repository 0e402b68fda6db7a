// Talking to the API: problem details become a Problem, and an answer that did not change (304) is served from memory.

/** @import { CompanyDetail, Company, Page, Quarantined, Referral, ReferralDetail, Run, SignInCheck, SignInStart, Summary, SyncStatus } from "./contract.ts" */

const ROOT = "/api/v1/partner-center";
const REMEMBERED = 60;

/** What the API refused or failed to do, by its stable code. */
export class Problem extends Error {
  /**
   * @param {string} code
   * @param {{ detail?: string | null, status?: number, correlationId?: string | null, retryAfter?: number | null, run?: Run | null }} [more]
   */
  constructor(code, more = {}) {
    super(code);
    this.code = code;
    this.detail = more.detail ?? null;
    this.status = more.status ?? 0;
    this.correlationId = more.correlationId ?? null;
    this.retryAfter = more.retryAfter ?? null;
    this.run = more.run ?? null;
  }
}

/** @type {Map<string, { etag: string, body: unknown }>} */
const remembered = new Map();

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<{ status: number, body: unknown }>}
 */
async function request(path, options = {}) {
  const reading = !options.method;
  const known = reading ? remembered.get(path) : undefined;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(ROOT + path, {
      cache: "no-store",
      redirect: "manual",
      ...options,
      headers: { Accept: "application/json", ...options.headers, ...(known ? { "If-None-Match": known.etag } : {}) },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("network");
  }
  if (response.status === 304 && known) return { status: 304, body: known.body };
  // The platform's own sign-in answers with a redirect to another site once the session of the browser is over.
  if (response.type === "opaqueredirect") throw new Problem("unauthenticated", { status: 401 });
  if (!response.ok) throw await problemOf(response);
  /** @type {unknown} */
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Problem("unreadable", { status: response.status });
  }
  const etag = response.headers.get("ETag");
  if (reading && etag) {
    remembered.delete(path);
    remembered.set(path, { etag, body });
    const oldest = remembered.keys().next().value;
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  }
  return { status: response.status, body };
}

/** @param {Response} response */
async function problemOf(response) {
  const retry = Number(response.headers.get("Retry-After"));
  const more = { status: response.status, retryAfter: Number.isFinite(retry) && retry > 0 ? retry : null };
  try {
    const body = await response.json();
    if (body && typeof body.code === "string") return new Problem(body.code, { ...body, ...more });
  } catch {
    // Not from the app itself: a gateway answers with HTML or nothing.
  }
  return new Problem(response.status === 401 ? "unauthenticated" : "unreadable", more);
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
const get = async (path, signal) => (await request(path, signal ? { signal } : {})).body;

/**
 * @param {string} path
 * @param {object} body
 */
const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** @param {string} value */
const segment = (value) => encodeURIComponent(value);

/** @param {URLSearchParams} query */
const search = (query) => (query.size ? `?${query}` : "");

export const api = {
  /** @param {AbortSignal} [signal] */
  summary: async (signal) => /** @type {Summary} */ (await get("/summary", signal)),
  /** @param {URLSearchParams} query @param {AbortSignal} [signal] */
  referrals: async (query, signal) =>
    /** @type {Page<Referral>} */ (await get(`/referrals${search(query)}`, signal)),
  /** @param {string} id @param {AbortSignal} [signal] */
  referral: async (id, signal) => /** @type {ReferralDetail} */ (await get(`/referrals/${segment(id)}`, signal)),
  /** @param {string} id */
  raw: async (id) => /** @type {ReferralDetail} */ (await get(`/referrals/${segment(id)}?raw=true`)).raw,
  /** @param {URLSearchParams} query @param {AbortSignal} [signal] */
  companies: async (query, signal) => /** @type {Page<Company>} */ (await get(`/companies${search(query)}`, signal)),
  /** @param {string} key @param {AbortSignal} [signal] */
  company: async (key, signal) => /** @type {CompanyDetail} */ (await get(`/companies/${segment(key)}`, signal)),
  quarantine: async () => /** @type {{ items: Quarantined[], total: number }} */ (await get("/quarantine")),
  status: async () => /** @type {SyncStatus} */ (await get("/sync")),
  /**
   * @param {{ mode: "incremental" | "full", dryRun: boolean }} options
   */
  sync: async (options) => /** @type {Run} */ ((await post("/referrals/sync", options)).body),
  /** @param {string} id @param {{ key: string | null } | { domain: string, name: string }} target */
  link: async (id, target) =>
    /** @type {Referral} */ ((await post(`/referrals/${segment(id)}/company`, target)).body),
  signIn: async () => /** @type {SignInStart} */ ((await post("/sign-in", {})).body),
  /** @param {string | null} id of the sign-in that this page began; null: the newest of this reader */
  checkSignIn: async (id) => /** @type {SignInCheck} */ ((await post("/sign-in/check", id ? { id } : {})).body),
  signOut: async () => (await post("/sign-out", {})).body,
};
