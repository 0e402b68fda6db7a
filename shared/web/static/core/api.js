// Talking to the API: problem details become a Problem, and an answer that did not change (304) is served from memory.

/** @import { CompanyDetail, Company, Page, Quarantined, Referral, ReferralDetail, Run, SignInCheck, SignInStart, Summary, SyncStatus } from "./contract.ts" */

import { heardTime } from "./clock.js";

/** Where the API lies. A link to a file of it (an export) begins with it too. */
export const ROOT = "/api/v1/partner-center";
const REMEMBERED = 60;

/** What the API refused or failed to do, by its stable code. */
export class Problem extends Error {
  /**
   * @param {string} code
   * @param {{ detail?: string | null, status?: number, correlationId?: string | null, retryAfter?: number | null, body?: Record<string, unknown> }} [more]
   */
  constructor(code, more = {}) {
    super(code);
    this.code = code;
    this.detail = more.detail ?? null;
    this.status = more.status ?? 0;
    this.correlationId = more.correlationId ?? null;
    this.retryAfter = more.retryAfter ?? null;
    /** The whole of the problem: some codes carry more, such as `action` or `reasons`. @type {Record<string, unknown>} */
    this.body = more.body ?? {};
  }
}

/** @typedef {{ status: number, body: unknown, location: string | null }} Answer */
/** @typedef {{ signal?: AbortSignal | undefined, headers?: Record<string, string>, body?: object }} Options */

/** @type {Map<string, { etag: string, body: unknown }>} */
const remembered = new Map();

/**
 * @param {"GET" | "POST" | "PUT" | "DELETE"} method
 * @param {string} path under the API's root
 * @param {Options} [options]
 * @returns {Promise<Answer>}
 */
async function request(method, path, { signal, headers, body } = {}) {
  const reading = method === "GET";
  const known = reading ? remembered.get(path) : undefined;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      cache: "no-store",
      redirect: "manual",
      ...(signal ? { signal } : {}),
      ...(body ? { body: JSON.stringify(body) } : {}),
      headers: {
        Accept: "application/json",
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(known ? { "If-None-Match": known.etag } : {}),
        ...headers,
      },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("network");
  }
  heardTime(response.headers.get("Date"));
  const location = response.headers.get("Location");
  if (response.status === 304 && known) return { status: 304, body: known.body, location };
  // The platform's own sign-in answers with a redirect to another site once the session of the browser is over.
  if (response.type === "opaqueredirect") throw new Problem("unauthenticated", { status: 401 });
  if (!response.ok) throw await problemOf(response);
  const answer = response.status === 204 ? null : await read(response);
  const etag = response.headers.get("ETag");
  if (reading && etag) keep(path, etag, answer);
  return { status: response.status, body: answer, location };
}

/** @param {Response} response @returns {Promise<unknown>} */
async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("unreadable", { status: response.status });
  }
}

/** @param {string} path @param {string} etag @param {unknown} body */
function keep(path, etag, body) {
  remembered.delete(path);
  remembered.set(path, { etag, body });
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

/** @param {Response} response */
async function problemOf(response) {
  const retry = Number(response.headers.get("Retry-After"));
  const more = { status: response.status, retryAfter: Number.isFinite(retry) && retry > 0 ? retry : null };
  try {
    const body = await response.json();
    if (body && typeof body.code === "string") {
      return new Problem(body.code, { detail: body.detail, correlationId: body.correlationId, ...more, body });
    }
  } catch {
    // Not from the app itself: a gateway answers with HTML or nothing.
  }
  return new Problem(response.status === 401 ? "unauthenticated" : "unreadable", more);
}

/** The body of a GET. @param {string} path @param {AbortSignal} [signal] */
export const get = async (path, signal) => (await request("GET", path, { signal })).body;

/** @param {string} path @param {object} body @param {Omit<Options, "body">} [options] */
export const post = (path, body = {}, options = {}) => request("POST", path, { ...options, body });

/** @param {string} path @param {object} body @param {Omit<Options, "body">} [options] */
export const put = (path, body, options = {}) => request("PUT", path, { ...options, body });

/** @param {string} path @param {Omit<Options, "body">} [options] */
export const del = (path, options = {}) => request("DELETE", path, options);

/** A value as a segment of a path. @param {string} value */
export const segment = (value) => encodeURIComponent(value);

/** @param {URLSearchParams} query */
export const search = (query) => (query.size ? `?${query}` : "");

/** What the reading side asks for. Rooms that act have their own calls beside their own views. */
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
  /** @param {AbortSignal} [signal] */
  quarantine: async (signal) => /** @type {{ items: Quarantined[], total: number }} */ (await get("/quarantine", signal)),
  /** @param {AbortSignal} [signal] */
  status: async (signal) => /** @type {SyncStatus} */ (await get("/sync", signal)),
  /** @param {{ mode: "incremental" | "full", dryRun: boolean, acceptMissing?: boolean }} options */
  sync: async (options) => /** @type {Run} */ ((await post("/referrals/sync", options)).body),
  /** @param {string} id @param {{ key: string | null } | { domain: string, name: string }} target */
  link: async (id, target) =>
    /** @type {Referral} */ ((await post(`/referrals/${segment(id)}/company`, target)).body),
  signIn: async () => /** @type {SignInStart} */ ((await post("/sign-in")).body),
  /** @param {string | null} id of the sign-in that this page began; null: the newest of this reader */
  checkSignIn: async (id) => /** @type {SignInCheck} */ ((await post("/sign-in/check", id ? { id } : {})).body),
  signOut: async () => (await post("/sign-out")).body,
};
