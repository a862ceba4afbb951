/** What each of the platform's error codes means and what to do about it, as data. {@link classify} reads it. */

/**
 * `token`: an endpoint that hands out a credential for a secret. `derived`: one that hands out a credential for another credential's sake, with that one
 * in the query: what holds for `token` holds for it, unless a row of its own comes first. `business`: one that is called with a credential, tickets included.
 */
export type EndpointClass = "token" | "derived" | "business";

/**
 * - `retry`: the platform is busy; the same call may succeed in a moment.
 * - `reject`: the credential that was sent is dead: report it, send again once with its replacement.
 * - `reject-parent`: the credential that this one was derived from is dead: report that one, send again once.
 * - `stop`: the same call will be refused again until somebody changes something.
 * - `stop-here`: as `stop`, but only for calls from this address; other nodes go on.
 * - `stop-tenant`: as `stop`, but only for this authoriser; others go on.
 * - `wait-day`: the day's quota is gone until 00:00 in Shanghai.
 * - `wait-minute`: the minute's quota is gone.
 * - `wait-push`: the ticket that the platform pushes every ten minutes is dead: use the one before, else wait for the next.
 * - `pause`: an administrator has to act; leave the platform alone for `pauseMs`.
 * - `pass`: the caller's own matter. The credential is fine: never refresh it for this.
 */
export type Action =
  | "retry"
  | "reject"
  | "reject-parent"
  | "stop"
  | "stop-here"
  | "stop-tenant"
  | "wait-day"
  | "wait-minute"
  | "wait-push"
  | "pause"
  | "pass";

export interface ErrorRow {
  readonly codes: readonly number[];
  readonly endpoint: EndpointClass | "any";
  readonly meaning: string;
  readonly action: Action;
  /** What a reader of the error can do. */
  readonly remedy: string;
  /** With `pause`, and where the platform states a wait. */
  readonly pauseMs?: number;
  /** Whether a secret that was rotated meanwhile would explain the refusal. */
  readonly aboutSecret?: true;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Read from top to bottom: the first row for the endpoint class and the code counts. */
export const errorTable: readonly ErrorRow[] = [
  {
    codes: [-1],
    endpoint: "any",
    meaning: "system busy",
    action: "retry",
    remedy: "Try again in a moment.",
  },
  {
    codes: [40001, 40014, 42001],
    endpoint: "business",
    meaning: "the token is dead",
    action: "reject",
    remedy:
      "Lingpai replaces the token and sends the call again once. If this persists, something outside the fleet fetches tokens for this AppID.",
  },
  {
    codes: [40001, 40014, 42001, 42006, 42009, 40082],
    endpoint: "derived",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token and asks again once.",
  },
  {
    codes: [40001, 40125, 40091],
    endpoint: "token",
    meaning: "wrong secret",
    action: "stop",
    remedy: "Set the secret that the platform's console shows for this AppID; it may have been reset.",
    aboutSecret: true,
  },
  {
    codes: [40002, 40013, 41002, 41004, 43002, 44002, 47001, 61011, 40083, 41018],
    endpoint: "any",
    meaning: "the request or the configuration is wrong",
    action: "stop",
    remedy: "Check the AppID, the secret and the parameters of the call.",
  },
  {
    codes: [40164, 61004, 60020],
    endpoint: "any",
    meaning: "this address is not allowed",
    action: "stop-here",
    remedy: "Add this node's outgoing address to the IP allow-list in the platform's console.",
  },
  {
    codes: [40243, 50002, 50004, 50007],
    endpoint: "any",
    meaning: "frozen or punished",
    action: "stop",
    remedy: "Look at the account in the platform's console: its secret is frozen, or it is restricted.",
  },
  {
    codes: [45009],
    endpoint: "any",
    meaning: "the day's quota is gone",
    action: "wait-day",
    remedy: "Wait until 00:00 in Shanghai, or clear the quota in the platform's console.",
  },
  {
    codes: [48006],
    endpoint: "any",
    meaning: "the month's clears of the quota are used up",
    action: "pass",
    remedy: "Wait until 00:00 in Shanghai for the day's quota, or for the next month to clear it again.",
  },
  {
    codes: [45011],
    endpoint: "any",
    meaning: "the minute's quota is gone",
    action: "wait-minute",
    remedy: "Call less often; the next minute has a new quota.",
  },
  {
    codes: [45033],
    endpoint: "any",
    meaning: "too many calls at once",
    action: "retry",
    remedy: "Make fewer calls at the same time.",
  },
  {
    codes: [48001, 48004, 61007],
    endpoint: "business",
    meaning: "no permission",
    action: "pass",
    remedy: "This account may not call this API; see its permissions in the platform's console. The token is not at fault.",
  },
  {
    codes: [48001, 48004, 61007],
    endpoint: "derived",
    meaning: "no permission",
    action: "pass",
    remedy: "The parent may not ask for this credential; see its permissions in the platform's console. Its token is not at fault.",
  },
  {
    codes: [61023],
    endpoint: "token",
    meaning: "the refresh token is not the one that works",
    action: "stop-tenant",
    remedy: "Lingpai asks the platform for the one that works, once; if it names none, the account has to authorise this platform again.",
  },
  {
    codes: [42002, 42007, 61003, 40084],
    endpoint: "token",
    meaning: "the authorisation has ended",
    action: "stop-tenant",
    remedy: "The account has to authorise this platform again.",
  },
  {
    codes: [42006, 42009, 40082],
    endpoint: "business",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token and sends the call again once.",
  },
  {
    codes: [42006, 42009, 40082],
    endpoint: "token",
    meaning: "the parent token is dead",
    action: "reject-parent",
    remedy: "Lingpai replaces the parent token; the next attempt uses the new one.",
  },
  {
    codes: [61005, 61006, 40085],
    endpoint: "token",
    meaning: "the pushed ticket is dead",
    action: "wait-push",
    remedy: "Wait for the next push, and check that the platform's pushes reach this service.",
    pauseMs: 10 * minuteMs,
  },
  {
    codes: [89503],
    endpoint: "token",
    meaning: "an administrator's confirmation is pending",
    action: "pause",
    remedy: "Ask the account's administrator to confirm the call on the phone.",
    pauseMs: 10 * minuteMs,
  },
  {
    codes: [89506],
    endpoint: "token",
    meaning: "an administrator refused this address for a day",
    action: "pause",
    remedy: "Ask the account's administrator to allow this address.",
    pauseMs: 24 * hourMs,
  },
  {
    codes: [89507],
    endpoint: "token",
    meaning: "an administrator refused this address for an hour",
    action: "pause",
    remedy: "Ask the account's administrator to allow this address.",
    pauseMs: hourMs,
  },
];

/** WeCom's own readings, looked at before {@link errorTable}: it blocks an address for a minute or an hour, not until the day ends. */
export const wecomErrorTable: readonly ErrorRow[] = [
  {
    codes: [45009],
    endpoint: "any",
    meaning: "called too often",
    action: "pause",
    remedy: "Call less often; WeCom blocks for a minute, and for an hour when it goes on.",
    pauseMs: minuteMs,
  },
  ...errorTable,
];
