/** English texts about events: what happened, why, and the remedy. */
import type { Dictionary } from "./dictionary.ts";

export const events: Dictionary["events"] = {
  refreshed: {
    title: "New token",
    why: ({ duration, generation, node, reason }) =>
      `${node} fetched generation ${generation} in ${duration}. Reason: ${reason}.`,
  },
  "age-unknown": {
    title: "Age unknown",
    why: ({ duration, node }) =>
      `The platform gave ${node} a token without its age. It is asked again every ${duration} until the next one appears.`,
  },
  adopted: {
    title: "Adopted",
    why: ({ duration, generation, node, other }) =>
      `${node} took generation ${generation}, which ${other} had stored, ${duration} after the commit.`,
  },
  "kept-stale": {
    title: "Served overdue",
    why: ({ cause, rest }) =>
      `The token should have been renewed. It is served for the ${rest} that are left, because ${cause}.`,
    remedy: "Mend the cause before the token ends. Lingpai retries by itself.",
  },
  rejected: {
    title: "Refused",
    why: ({ code, count, fingerprint, node }) =>
      `${node} was told ${count} that the platform refused token ${fingerprint} with ${code}.`,
  },
  "refresh-failed": {
    title: "Refresh failed",
    why: ({ code, message, node }) => `The fetch of ${node} failed with ${code}. ${message}`,
    remedy: "Nothing yet: it is tried again with growing pauses, by one node for the fleet.",
  },
  "refused-fatally": {
    title: "Refused for good",
    why: ({ code, message, node }) =>
      `The platform answered ${node} with ${code}, which does not pass by itself. ${message}`,
    remedy:
      "Mend the setting it names: the AppSecret, the IP allow-list or the account. One node tries again every 7 to 9 minutes.",
  },
  "in-doubt": {
    title: "In doubt",
    why: ({ cause, node }) =>
      `${node} cannot tell which token was issued last: ${cause}. One reconciling refresh is owed.`,
  },
  reconciled: {
    title: "Settled",
    why: ({ age, node }) =>
      `${node} made the owed refresh. The stored token is the live one again, after ${age} of doubt.`,
  },
  "lock-lost": {
    title: "Lease lost",
    why: ({ age, node }) =>
      `${node} lost its lease after ${age}, while it was refreshing. Its outcome is recorded all the same.`,
    remedy: "If it happens often, look for pauses of the process, or a store that is slow.",
  },
  "commit-superseded": {
    title: "Came too late",
    why: ({ fingerprint, node }) =>
      `${node} fetched token ${fingerprint}, but a later one had been stored. It was not kept.`,
  },
  contended: {
    title: "Replaced by others",
    why: ({ age, fingerprint, other, rest }) =>
      `Token ${fingerprint} was ${age} old and had ${rest} left when the platform refused it. No node of this fleet had replaced it. Also claimed by: ${other}.`,
    remedy:
      "Find who else fetches for this AppID: another environment, an SDK with its own cache, a script. Give it an AppID of its own, the stable token, or this server.",
  },
  switched: {
    title: "Switched issuer",
    why: ({ cause, other }) => `The fleet now fetches from ${other}, because ${cause}.`,
  },
  "claim-conflicted": {
    title: "Claimed twice",
    why: ({ environment, other }) =>
      `${other} has claimed this credential too, beside ${environment}.`,
    remedy: "Give each environment an AppID of its own, or let one of them consume.",
  },
  reset: {
    title: "Forgotten",
    why: ({ generation }) => `An operator had the fleet forget generation ${generation}.`,
  },
  "store-regressed": {
    title: "Store fell back",
    why: ({ generation, node }) =>
      `The store has an older token than ${node}, which holds generation ${generation}: a failover or a restore lost writes.`,
    remedy: "The newer token is written back. Look at how the store replicates.",
  },
  repaired: {
    title: "Written back",
    why: ({ generation, node }) => `${node} wrote generation ${generation} back into the store.`,
  },
  "unsealed-and-traced": {
    title: "Token in traces",
    why: ({ node }) => `${node} stored a token unsealed while its store commands are traced.`,
    remedy: "Seal the store, and treat what was traced as leaked.",
  },
  "store-unavailable": {
    title: "Store away",
    why: ({ cause, node }) => `${node} cannot use the store: ${cause}. Its own copy is served.`,
    remedy: "Bring the store back before the token ends. Every node notices by itself.",
  },
  "store-recovered": {
    title: "Store back",
    why: ({ age, node }) => `${node} reaches the store again, after ${age}.`,
  },
  "quota-threshold": {
    title: "Quota",
    why: ({ count }) => `${count} of today’s fetches are used.`,
    remedy: "Find what refuses or replaces the token so often. The ledger shows the reasons.",
  },
  unreadable: {
    title: "Unreadable",
    why: ({ cause, node }) =>
      `${node} found a stored document that it must not use (${cause}). Nothing is fetched or overwritten.`,
    remedy: "Upgrade the node, give it the sealing key, or remove what does not belong there.",
  },
  "clock-jumped": {
    title: "Clock jumped",
    why: ({ duration, node }) =>
      `A clock of ${node} jumped by ${duration}. Deadlines do not depend on it.`,
  },
  retired: {
    title: "Retired",
    why: ({ age, count, generation, node }) =>
      `${node} stopped using generation ${generation}, which was ${age} old and used ${count}.`,
  },
  closed: {
    title: "Node closed",
    why: ({ node }) => `${node} closed the credential.`,
  },
  poisoned: {
    title: "Field out of range",
    why: ({ cause, node }) => `${node} ignored the field ${cause} of the document: out of range.`,
    remedy: "Lingpai never writes such a value. Find out who else writes into this store.",
  },
};
