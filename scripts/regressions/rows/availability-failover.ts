import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const wechat = "packages/wechat/src";
const simulation = "apps/simulation/src";
const decision = `${core}/fleet/claim-decision.ts`;
const ownershipTest = `${core}/fleet/ownership.test.ts`;
const owner = `${core}/refresh/owner.ts`;
const failoverTest = `${core}/scenarios/failover.test.ts`;
const pendingTest = `${core}/scenarios/pending-abandon.test.ts`;

/** Claims, failover, and the auditors of the simulation. */
export const availabilityFailover: readonly Regression[] = [
  {
    right: "An earlier claim is never refused or made a consumer by a later one.",
    edits: [
      {
        file: decision,
        from: "return isFirst ? undefined : first;",
        to: "return isFirst && first === undefined ? undefined : first;",
      },
    ],
    test: ownershipTest,
    title: "is never refused or made a consumer",
  },
  {
    right: "The earlier one reports the later claim, and goes on.",
    edits: [
      {
        file: decision,
        from: 'return later && { other: later, action: "keep" };',
        to: "return later && undefined;",
      },
    ],
    test: ownershipTest,
    title: "is never refused or made a consumer",
  },
  {
    right: "A claim stays the earlier one over renewals and restarts.",
    edits: [
      {
        file: decision,
        from: "const sinceMs = sinceOf(claimant, facts) ?? afterAllMs;",
        to: "const sinceMs = afterAllMs;",
      },
    ],
    test: `${core}/fleet/claim-decision.test.ts`,
    title: "keeps the age of its claim",
  },
  {
    right: "A claim holds as long as the credential lives, not two days.",
    edits: [
      {
        file: `${core}/fleet/claim-registry.ts`,
        from: "return Math.max(renewedMs + staleAfterMs, Math.min(untilMs, renewedMs + heldMaxMs));",
        to: "return Math.max(renewedMs + staleAfterMs, Math.min(untilMs, renewedMs));",
      },
    ],
    test: `${core}/fleet/claim-registry.test.ts`,
  },
  {
    right: "One malformed claim does not stop a living environment.",
    edits: [
      {
        file: decision,
        from: `!isReadable(facts) &&
    facts.credential === undefined &&
    storedClaim(claimant, facts) === undefined`,
        to: "!isReadable(facts)",
      },
    ],
    test: ownershipTest,
    title: "does not stop its environment from refreshing if",
  },
  {
    right: "A claim is released by its path, not by a name that other prefixes use too.",
    edits: [
      {
        file: `${core}/fleet/claim-registry.ts`,
        from: "const kept = claims.filter((claim) => !samePath(claim.path, path));",
        to: "const kept = claims.filter((claim) => claim.environment !== path.at(-1));",
      },
    ],
    test: ownershipTest,
    title: "is released for the environment under one prefix",
  },
  {
    right: "The consumer of an environment that is gone says what it waits for.",
    edits: [
      {
        file: `${core}/refresh/consumer.ts`,
        from: "detail: nothingStored(dependencies, snapshot),",
        to: "...(snapshot === undefined && { detail: nothingStored(dependencies, snapshot) }),",
      },
    ],
    test: ownershipTest,
  },
  {
    right: "What could not be stored is stored when the store returns, not by its own timer.",
    edits: [
      {
        file: `${core}/manager/assembly.ts`,
        from: "this.outcomes.pending?.retryNow();",
        to: "",
      },
      {
        file: `${core}/leader/unstored-outcome.ts`,
        from: "const retryMaxMs = 1_000;",
        to: "const retryMaxMs = 10_000;",
      },
    ],
    test: pendingTest,
    title: "is recorded when the store returns",
  },
  {
    right: "Nobody overruns an open request within moments of the store's return.",
    edits: [
      {
        file: `${core}/fleet/lost-request.ts`,
        from: "const graceMs = 2_000;",
        to: "const graceMs = 0;",
      },
      {
        file: `${core}/fleet/lost-request.ts`,
        from: "const endedGraceMs = 1_500;",
        to: "const endedGraceMs = 0;",
      },
    ],
    test: failoverTest,
    title: "costs no fetch of its own and no failed call",
  },
  {
    right: "The age of an open request that was spent in an outage does not count.",
    edits: [
      { file: `${core}/manager/assembly.ts`, from: "this.lostRequests.restart();", to: "" },
      {
        file: `${core}/fleet/lost-request.ts`,
        from: "const goesOn = last?.operationId === operationId && nowMs - last.lastMs <= silenceMaxMs;",
        to: "const goesOn = last?.operationId === operationId && silenceMaxMs > 0;",
      },
    ],
    test: failoverTest,
    title: "costs no fetch of its own and no failed call",
  },
  {
    right: "The lease is held while a commit waits.",
    edits: [
      {
        file: owner,
        from: "if (outcomes.pending?.keeps(lease) !== true) await lease.release();",
        to: "await lease.release();",
      },
    ],
    test: `${core}/scenarios/pending-commit.test.ts`,
    title: "keeps the lease until the request must have been",
  },
  {
    right: "A call waits until an open request has ended, and does not lead a reconcile.",
    edits: [
      {
        file: `${core}/manager/replacement.ts`,
        from: "await this.#openRequest.ended(leftMs(), signal);",
        to: `await this.#singleFlight.ensure(
          { reason: "reconcile", replaces: local.cached?.stored.commitId }, signal, leftMs());`,
      },
    ],
    test: failoverTest,
    title: "while the stored one is alive but in doubt",
  },
  {
    right: "It waits within one waitMs in all.",
    edits: [
      {
        file: `${core}/manager/replacement.ts`,
        from: "await this.#openRequest.ended(leftMs(), signal);",
        to: "await this.#openRequest.ended(leftMs() + 10_000, signal);",
      },
    ],
    test: failoverTest,
    title: "waits only as long as the platform may still process",
  },
  {
    right: "Reconciling stays with the background, late.",
    edits: [
      {
        file: `${core}/manager/elected-starts.ts`,
        from: "const lateMs = sinceMs + Math.max(reconcileMs, drainMs + retryMs);",
        to: "const lateMs = sinceMs + Math.max(0 * reconcileMs, drainMs + 0 * retryMs);",
      },
    ],
    test: failoverTest,
    title: "is not reconciled early",
  },
  {
    right: "With overlap 0 the platform's word after the drain settles a doubt.",
    edits: [
      {
        file: `${core}/leader/write-intent.ts`,
        from: 'if (resolvedGoal.reason === "reconcile" && (await settle(node, leaseContext, read)))',
        to: 'if (resolvedGoal.reason === "cold" && (await settle(node, leaseContext, read)))',
      },
    ],
    test: failoverTest,
    title: "is settled after the drain without a fetch, by",
  },
  {
    right: "A call whose token the fleet replaced meanwhile is sent once more, three times in all.",
    edits: [
      {
        file: `${wechat}/calls/send.ts`,
        from: "if (secret === undefined || (replays > 0 && !wasReplaced)) {",
        to: "if (secret === undefined || (replays > 0 && (!wasReplaced || wasReplaced))) {",
      },
    ],
    test: `${wechat}/calls/send.test.ts`,
    title: "is sent a third time",
  },
  {
    right: "And not more often.",
    edits: [
      {
        file: `${wechat}/calls/send.ts`,
        from: "(replays > 0 && !wasReplaced)",
        to: "(replays > 9 && !wasReplaced)",
      },
    ],
    test: `${wechat}/calls/send.test.ts`,
    title: "is not sent again",
  },
  {
    right: "A report of our own, late, casts no doubt on what was fetched without the store.",
    edits: [
      {
        file: `${core}/leader/write-outcome.ts`,
        from: 'event.outcome === "unknown" && local.state !== undefined &&',
        to: 'event.outcome === "unsent" && local.state !== undefined &&',
      },
      {
        file: `${core}/fleet/adoption.ts`,
        from: "...(local.continued && { continued: local.continued }),",
        to: "",
      },
    ],
    test: pendingTest,
    title: "costs no further fetch",
  },
  {
    right: "A doubt that an owner resolved without the store is resolved in the store too.",
    edits: [
      {
        file: `${core}/state/repair.ts`,
        from: "known.intent === undefined && event.continued?.includes(stored.outcomeId) === true;",
        to: "known.intent === undefined && event.continued?.includes(`${stored.outcomeId}.`) === true;",
      },
    ],
    test: `${core}/state/repair.test.ts`,
  },
  {
    right: "A store that is away is read again until it is back, also without messages.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "const isDoubtful = storeClock.isDoubtful || context.health.isProvable;",
        to: "const isDoubtful = storeClock.isDoubtful || context.health.seen === null;",
      },
    ],
    test: `${core}/scenarios/woken-by-events.test.ts`,
  },
  {
    right: "A pause after failures ends early once nothing can be served.",
    edits: [
      {
        file: `${core}/manager/retry-pause.ts`,
        from: "if (this.#isNewRefusal(failedFor) || (isUrgent && backOffMs > 0))",
        to: "if (backOffMs > 1e9)",
      },
      {
        file: `${core}/manager/retry-pause.ts`,
        from: "const ownMs = jitter * steppedMs(failures, isUrgent);",
        to: "const ownMs = jitter * steppedMs(failures, isUrgent && !local.isUsable && failures > 9);",
      },
    ],
    test: `${core}/scenarios/woken-by-events.test.ts`,
    title: "ends that pause when a consumer finds the credential dead",
  },
  {
    right: "A call may fail only with an excuse: a fault of its node, in its time.",
    edits: [
      {
        file: `${simulation}/audit/availability-audit.ts`,
        from: "if (this.#excuse(node, this.#nowMs()) !== undefined) {",
        to: "if (this.#excuse(node, this.#nowMs()) !== undefined || count.calls > 0) {",
      },
    ],
    test: `${simulation}/audit/availability-audit.test.ts`,
  },
  {
    right: "A call may wait longer than the outage only with an excuse.",
    edits: [
      {
        file: `${simulation}/audit/availability-audit.ts`,
        from: "if (ms <= inTimeMs) return undefined;",
        to: "if (ms <= 20 * inTimeMs) return undefined;",
      },
    ],
    test: `${simulation}/audit/availability-audit.test.ts`,
  },
  {
    right: "An excuse names a fault for the nodes that it hit.",
    edits: [
      {
        file: `${simulation}/audit/fault-ledger.ts`,
        from: "return fault.node === undefined || fault.node === node || fault.node === wholeOf(node);",
        to: "return fault.node === undefined || node !== `${fault.node}.`;",
      },
    ],
    test: `${simulation}/audit/fault-ledger.test.ts`,
  },
  {
    right: "An excuse ends 2 s after its fault.",
    edits: [
      {
        file: `${simulation}/audit/fault-ledger.ts`,
        from: "export const settledAfterMs = 2_000;",
        to: "export const settledAfterMs = 60_000;",
      },
    ],
    test: `${simulation}/audit/fault-ledger.test.ts`,
  },
  {
    right: "An auditor that excuses everything is found: it excuses more than faults have hit.",
    edits: [
      {
        file: `${simulation}/audit/availability-audit.ts`,
        from: ".filter(([, { excused, hit }]) => excused > hit)",
        to: ".filter(([, { excused, hit }]) => excused > hit && hit < 0)",
      },
    ],
    test: `${simulation}/audit/availability-audit.test.ts`,
  },
  {
    right: "By default the simulation draws from all of these troubles.",
    edits: [
      {
        file: `${simulation}/scenario/scenarios.ts`,
        from: "const shares = { one: 0.6, two: 0.3 };",
        to: "const shares = { one: 0, two: 0 };",
      },
    ],
    test: `${simulation}/scenario/scenarios.test.ts`,
  },
];
