/**
 * The token server (中控服务器) as a library: the credentials of a fleet over HTTP.
 *
 * @packageDocumentation
 */
// The folders, in the order in which they may import each other:
//   http         problems (RFC 9457), bodies
//   keys         the server's keys in the store, rates
//   sessions     people who signed in with a key
//   credentials  what a caller is told of a credential; waiting for the next commit
//   events       the audit, and event streams over the log
//   overview     what the dashboard shows, derived from the log and the credentials
//   routes       the handlers, the table of routes, and what /openapi.json says
//   webhooks     what is sent to others, and where it may be sent (`@lingpai/server/webhooks`)
//   facade       the routes that WeChat's SDKs know
export { tokenServer } from "./token-server.ts";
export type { DashboardOptions, TokenServer, TokenServerOptions } from "./token-server.ts";
export type { CredentialState, ServedCredential } from "./credentials/served-credential.ts";
export type { Demo, ServerLimits } from "./routes/context.ts";
export type { ClaimInfo } from "./routes/overview.ts";
export type { SessionInfo } from "./routes/session.ts";
export type { Conflict, ConflictEvidence } from "./overview/conflicts.ts";
export type { Ledger, LedgerHour, LedgerRow } from "./overview/ledger.ts";
export type { FleetNode } from "./overview/nodes.ts";
export type { Failure, Overview, OverviewRow } from "./overview/overview.ts";
export { serverKeys } from "./keys/server-keys.ts";
export type { KeyInfo, NewKey, ServerKeys, ServerKeysOptions } from "./keys/server-keys.ts";
export type { KeyRecord, Right, SdkName } from "./keys/key-document.ts";
export { sdkMargins } from "./facade/sdk-margins.ts";
export type { SdkMargin } from "./facade/sdk-margins.ts";
