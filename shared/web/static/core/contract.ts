// The JSON of the API, as docs/openapi.yaml describes it. Types only: nothing of this file is loaded by the page.

export type Money = Record<string, number>;
export type Direction = "Incoming" | "Outgoing";

export interface CrmLink {
  state: "linked" | "pending" | "failed" | "conflict" | "ignored";
  table: "lead" | "opportunity" | null;
  id: string | null;
  url: string | null;
  syncedAt: string | null;
  error: {
    code: string;
    field: string | null;
    message: string;
    nextAt: string | null;
    phrase?: string;
    details?: Record<string, string>;
    candidates?: { table: string; id: string; name: string; url: string }[];
  } | null;
}

export interface CrmDifference {
  field: string;
  crm: unknown;
  partnerCenter: unknown;
  agreed: unknown;
  goesTo: "crm" | "partnerCenter" | null;
}

export interface CrmRun {
  at: string;
  created: number;
  updated: number;
  unchanged: number;
  pulled: number;
  failed: number;
  requests: number;
}

export interface CrmPlan {
  referralId: string;
  name: string;
  table: "lead" | "opportunity" | null;
  operation: "create" | "update" | "pull" | "skip" | "conflict";
  fields: { field: string; crm: unknown; partnerCenter: unknown; becomes: unknown }[];
  reason: string | null;
  phrase?: string;
  details?: Record<string, string>;
}

export interface CrmStatus {
  enabled: boolean;
  reachable: boolean | null;
  organisation: string | null;
  user: string | null;
  key: "alternate" | "primary" | "none";
  push: "manual" | "accepted" | "all";
  pending: number;
  failed: number;
  conflicts: number;
  linked: number;
  lastRun: CrmRun | null;
  runs: CrmRun[];
  connectorFound: boolean;
  pausedUntil: string | null;
  error: { code: string; message: string; phrase?: string; details?: Record<string, string> } | null;
}

export interface Referral {
  dynamics: CrmLink | null;
  id: string;
  name: string | null;
  customerName: string | null;
  companyKey: string | null;
  companyName: string | null;
  companyNeedsReview?: boolean;
  category: string;
  type: string | null;
  qualification: string | null;
  direction: string | null;
  status: string | null;
  substatus: string | null;
  country: string | null;
  city: string | null;
  dealValue: number | null;
  currency: string | null;
  closingDateTime: string | null;
  createdDateTime: string | null;
  updatedDateTime: string | null;
  expirationDateTime: string | null;
  expiresInDays: number | null;
  salesStage: string | null;
  missingSince: string | null;
  linkedByHand: boolean;
  problems: { field: string; reason: string }[];
  owner: Owner | null;
  commentCount: number;
}

/** Who takes care of a referral here. */
export interface Owner {
  mail: string;
  name: string;
}

/** Somebody who has used the app. */
export interface AppPerson extends Owner {
  lastSeenAt: string;
}

export interface Comment {
  id: string;
  text: string;
  by: { id: string; name: string };
  at: string;
}

/** A list's filters under a name. */
export interface SavedView {
  id: string;
  name: string;
  list: "referrals" | "companies";
  query: string;
  shared: boolean;
  owner: { id: string; name: string };
  createdAt: string;
  updatedAt: string;
  total: number | null;
}

/** A figure and what finds its rows in the list. */
export interface Figure {
  count: number;
  value: Money;
  query: string;
}

export interface Flow {
  created: Figure;
  won: Figure;
  lost: Figure;
  winRate: { rate: number | null; query: string };
  response: { answered: number; medianHours: number | null; query: string };
}

export interface Figures extends Flow {
  pipeline: Figure & { weighted: Money; withoutWeight: number };
  overdue: { answer: Figure; close: Figure };
}

export interface OwnerFigures {
  owner: Owner | null;
  waiting: Figure;
  open: Figure;
  won: Figure;
  lost: Figure;
  winRate: Flow["winRate"];
  response: Flow["response"];
}

export interface Report extends Figures {
  from: string;
  to: string;
  generatedAt: string;
  dataVersion: string;
  byStage: (Figure & { stage: string | null; weight: number | null; weighted: Money })[];
  byOwner: (Figures & { owner: Owner | null })[];
  byCategory: (Figures & { category: string | null })[];
  byCountry: (Figures & { country: string | null })[];
  byMonth: (Flow & { month: string })[];
}

export interface Person {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phoneNumber: string | null;
  title: string | null;
}

export interface Change {
  field: string;
  from: unknown;
  to: unknown;
}

export interface Named {
  id?: string | null;
  name?: string | null;
  [more: string]: unknown;
}

export type ActionKind = "accept" | "decline" | "win" | "lose" | "update";

export type ActionState =
  | "waiting" | "sending" | "unconfirmed" | "applied" | "refused" | "conflict" | "failed" | "cancelled";

/** What is asked for. */
export interface Ask {
  action: ActionKind;
  changes?: Record<string, unknown>;
  reason?: string | null;
  remark?: string | null;
  seen?: Record<string, unknown>;
}

export interface Action {
  id: string;
  batchId: string | null;
  referralId: string;
  referralName: string | null;
  action: ActionKind;
  changes: Record<string, unknown>;
  reason: string | null;
  remark: string | null;
  state: ActionState;
  alreadyDone: boolean;
  who: { id: string; name: string };
  createdAt: string;
  notBefore: string;
  finishedAt: string | null;
  tries: number;
  error: { code: string; message: string; correlationId: string | null } | null;
  conflicts: { field: string; seen: unknown; theirs: unknown; yours: unknown }[];
  request: { op: "add" | "replace"; path: string; value: unknown }[];
}

export interface Batch {
  id: string;
  action: ActionKind;
  who: { id: string; name: string };
  at: string;
  total: number;
  states: Partial<Record<ActionState, number>>;
  items: Action[];
}

export interface ReferralDetail extends Referral {
  answerable: boolean;
  differences: CrmDifference[];
  actions: Action[];
  can: Record<ActionKind, { code: string; message: string } | null>;
  engagementId: string | null;
  externalReferenceId: string | null;
  statusReason: string | null;
  acceptedDateTime: string | null;
  closedDateTime: string | null;
  campaignId: string | null;
  referralSource: string | null;
  eTag: string | null;
  notes: string | null;
  contacts: Person[];
  team: Person[];
  solutions: (Named | string)[];
  industries: (Named | string)[];
  products: (Named | string)[];
  services: (Named | string)[];
  history: { at: string; changes: Change[]; by?: { id: string; name: string } }[];
  related: {
    id: string;
    name: string | null;
    direction: string | null;
    status: string | null;
    organizationName: string | null;
  }[];
  comments: Comment[];
  raw?: unknown;
}

export interface Company {
  key: string;
  name: string | null;
  aliases: string[];
  domain: string | null;
  country: string | null;
  city: string | null;
  size: string | null;
  duns: string | null;
  tenantId: string | null;
  isM365: boolean | null;
  tenantCheckedAt: string | null;
  needsReview: boolean;
  referralCount: number;
  byStatus: Record<string, number>;
  openValue: Money;
  wonValue: Money;
  firstActivity: string | null;
  lastActivity: string | null;
  nextDeadline: string | null;
}

/** A company that a person made part of another. */
export interface MergedCompany {
  key: string;
  name: string;
  domain: string | null;
  referralCount: number;
  by: { id: string; name: string };
  at: string;
}

export interface CompanyDetail extends Company {
  renamed: { automaticName: string; by: { id: string; name: string }; at: string } | null;
  merged: MergedCompany[];
  referrals: Referral[];
  contacts: (Person & { referrals: string[] })[];
  history?: { at: string; referralId: string; referralName: string | null; changes: Change[] }[];
}

export type Facets = Record<string, Record<string, number>>;

export interface Page<Item> {
  items: Item[];
  total: number;
  facets: Facets;
  page: number;
  pageSize: number;
  dataVersion: string;
}

/** Sums that can be trusted, and how many referrals are in none of them. */
export interface Worth {
  value: Money;
  noValue: number;
  noCurrency: number;
  tooLarge: number;
}

export interface Summary {
  dataVersion: string;
  generatedAt: string;
  total: number;
  incoming: number;
  outgoing: number;
  quarantined: number;
  missing: number;
  needsReview: number;
  unanswered: { count: number; dueSoon: number; next: Referral[] };
  openValue: Money;
  wonValue: Money;
  open: Worth;
  won: Worth;
  byStatus: { status: string | null; substatus: string | null; count: number; value: Money }[];
  bySalesStage: { salesStage: string | null; count: number; value: Money }[];
  byMonth: { month: string; incoming: number; outgoing: number }[];
  response: { answered: number; medianHours: number | null };
  companies: { total: number; m365: number };
  byOwner: OwnerFigures[];
}

export interface RunError {
  code: string;
  message: string;
  correlationId: string | null;
}

export interface Run {
  id: string;
  mode: "incremental" | "full";
  dryRun: boolean;
  trigger: "http" | "timer" | "cli" | "event";
  state: "running" | "succeeded" | "paused" | "failed";
  startedAt: string;
  finishedAt: string | null;
  pages: number;
  fetched: number;
  inserted: number;
  updated: number;
  unchanged: number;
  repeated: number;
  quarantined: number;
  missing: number;
  companiesInserted: number;
  companiesUpdated: number;
  watermark: string | null;
  visibilityChanged?: boolean;
  error: RunError | null;
}

export interface SyncStatus {
  enabled: boolean;
  signIn: {
    state: "signedOut" | "pending" | "signedIn" | "expired";
    account: string | null;
    lastRenewedAt: string | null;
    reason?: string | null;
    reasonCode?: string | null;
  };
  running: Run | null;
  lastSuccess: string | null;
  lastFullSync: string | null;
  fresh: boolean;
  nextRun: string | null;
  throttledUntil?: string | null;
  visibilityChanged?: boolean;
  vanished?: { ids: string[]; total: number } | null;
  dataVersion?: string;
  configuration?: { name: string; message: string; stopsSync?: boolean; phrase?: string; details?: Record<string, string> }[];
  runs: Run[];
}

export interface Quarantined {
  key: string;
  id: string | null;
  reason: string;
  firstSeenAt: string;
  lastSeenAt: string;
  raw: unknown;
}

export type SignInStart =
  | { id: string; flow: "deviceCode"; userCode: string; verificationUri: string; expiresAt: string }
  | { id: string; flow: "authorizationCode"; authorizationUri: string };

export interface SignInCheck {
  state: "pending" | "signedIn" | "expired" | "declined";
  account: string | null;
  reason?: string | null;
  reasonCode?: string | null;
  /** Only once signed in, and only when Partner Center could be asked. */
  roleProblem?: string | null;
  referralsVisible?: number;
  moreReferrals?: boolean;
}

export interface Webhook {
  enabled: boolean;
  registered: boolean;
  ours: boolean;
  url: string | null;
  events: string[];
  lastEventAt: string | null;
  lastChangeSeenBy: "event" | "poll" | null;
  silent: boolean;
}

export interface WebhookTest {
  id: string;
  status: string;
  results: { code: string; at: string | null }[];
}

export interface Me {
  id: string;
  name: string;
  mail: string;
  roles: ("read" | "write" | "operate")[];
  features: { write: boolean; webhook: boolean; dynamics: boolean; mail: boolean };
}

export type NotifyEvent = "new" | "due" | "expired" | "answered" | "closed" | "changed" | "assigned" | "actionFailed";

export interface Subscription {
  id: string;
  name: string;
  viewId: string | null;
  events: NotifyEvent[];
  channel: "teams" | "mail";
  target: string;
  when: "now" | "daily";
  at: string;
  timeZone: string;
  dueDays: number[];
  language: "en" | "tr";
  enabled: boolean;
  owner: { id: string; name: string };
  lastSentAt: string | null;
  lastError: { code: string; message: string; at: string | null } | null;
}
