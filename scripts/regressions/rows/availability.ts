import type { Regression } from "../regression.ts";

const core = "packages/core/src";
const wechat = "packages/wechat/src";
const state = `${core}/state`;
const rejectionTest = `${core}/scenarios/rejection.test.ts`;

/** What a protection may cost: budgets, forced fetches, complaints. */
export const availability: readonly Regression[] = [
  {
    right: "Unforced fetches of a stable or sliding credential harm nobody: no budget holds them.",
    edits: [
      {
        file: `${state}/governor.ts`,
        from: "if (!rules.supersedes) return undefined;",
        to: "",
      },
    ],
    test: `${state}/governor.test.ts`,
  },
  {
    right: "Refusals may spend a tenth of the day's quota at once, not two fetches.",
    edits: [
      { file: `${state}/rules.ts`, from: "refusalsBurst * parameters.quotaPerDay,", to: "2," },
    ],
    test: `${state}/governor.test.ts`,
  },
  {
    right: "Refusals spend at most 60 % of the quota in any 24 h, burst included.",
    edits: [
      {
        file: `${state}/rules.ts`,
        from: "const refusalsPerDay = 0.5;",
        to: "const refusalsPerDay = 0.9;",
      },
    ],
    test: `${core}/scenarios/rejection-contended.test.ts`,
    title: "fetches at most in 24",
  },
  {
    right: "The reserve stays.",
    edits: [
      {
        file: `${state}/quota.ts`,
        from: "if (proactive) return Math.floor(quotaPerDay * (1 - quotaReserve));",
        to: "if (proactive) return quotaPerDay;",
      },
    ],
    test: `${state}/quota.test.ts`,
  },
  {
    right: "While the budget lasts, a refused call fetches at once.",
    edits: [
      {
        file: `${state}/governor.ts`,
        from: "return Math.max(0, (state.budgets?.[name] ?? 0) - (burst - 1) * intervalMs);",
        to: "return burst > 0 && intervalMs > 0 ? (state.budgets?.[name] ?? 0) : 0;",
      },
    ],
    test: `${state}/governor.test.ts`,
    title: "allows an immediate fetch for each of the refusals",
  },
  {
    right: "An unforced fetch comes before a forced one.",
    edits: [
      {
        file: `${core}/leader/write-intent.ts`,
        from: "isHandedOutAgain(state) && isDead(state)",
        to: "isDead(state)",
      },
      {
        file: `${core}/leader/write-intent.ts`,
        from: "import { isDead, isHandedOutAgain, type State }",
        to: "import { isDead, type State }",
      },
    ],
    test: `${core}/scenarios/forced-refresh.test.ts`,
  },
  {
    right: "A fetch is forced only if the platform calls the refused text dead.",
    edits: [
      {
        file: `${core}/leader/leader.ts`,
        from: "else if ((await isFoundDead(node, attempt)) && canForce",
        to: "else if (((await isFoundDead(node, attempt)) || attempts > 1) && canForce",
      },
    ],
    test: rejectionTest,
    title: "is kept without a forced refresh when the platform calls it alive",
  },
  {
    right: "If the platform gives no verdict, what is stored is served.",
    edits: [
      {
        file: `${core}/leader/leader.ts`,
        from: 'const isDead = (await probe.verdict(new Secret(secret, fingerprint))) === "dead";',
        to: 'const isDead = (await probe.verdict(new Secret(secret, fingerprint))) !== "alive";',
      },
    ],
    test: rejectionTest,
    title: "is kept without a forced refresh when the platform calls it unknown",
  },
  {
    right: "An operator has a budget that refusals cannot use up.",
    edits: [
      {
        file: `${state}/governor.ts`,
        from: 'return reason === "manual" ? "manual" : undefined;',
        to: 'return reason === "manual" ? "refusals" : undefined;',
      },
    ],
    test: `${state}/governor.test.ts`,
    title: "is not used by rejections, and allows at least",
  },
  {
    right: "Refusals leave an operator's part of the day's quota.",
    edits: [
      {
        file: `${state}/quota.ts`,
        from: 'return reason === "rejected" ? Math.max(0, quotaPerDay - governor.manual.burst) : quotaPerDay;',
        to: "return governor.manual.burst > 0 ? quotaPerDay : quotaPerDay;",
      },
    ],
    test: `${state}/governor.test.ts`,
    title: "leaves a tenth for requests that cannot wait, and",
  },
  {
    right: "Refusals leave four of twenty forced fetches to an operator, so that revoking works.",
    edits: [
      {
        file: `${state}/quota.ts`,
        from: 'return reason === "manual" ? perDay : perDay - Math.min(keptForced, Math.ceil(perDay / 5));',
        to: 'return reason === "manual" ? perDay : Math.max(perDay, keptForced - keptForced);',
      },
    ],
    test: `${wechat}/account/operator-acts.test.ts`,
    title: "leave an operator four",
  },
  {
    right: "By option the fleet takes the stable token when a war is confirmed.",
    edits: [{ file: `${state}/suspect.ts`, from: "...(isTaken && {", to: "...(!isTaken && {" }],
    test: `${state}/switch.test.ts`,
  },
  {
    right: "The switch is one decision in the document, which mirrors follow.",
    edits: [
      {
        file: `${core}/fleet/context.ts`,
        from: "return state?.fallback === undefined ? context : (context.fallback ?? context);",
        to: "return state?.fallback === undefined ? context : (context ?? context);",
      },
    ],
    test: rejectionTest,
    title: "switches to it on every node and consumer when",
  },
  {
    right: "There is a way back from the stable token.",
    edits: [
      {
        file: `${state}/switch.ts`,
        from: 'state: change(state, { contention: { ...state.contention, count: 0 } }, ["fallback"]),',
        to: "state: change(state, { contention: { ...state.contention, count: 0 } }),",
      },
    ],
    test: `${state}/switch.test.ts`,
  },
  {
    right: "A complaint about a token of any age is checked with the platform first.",
    edits: [
      {
        file: `${core}/manager/refusal-judge.ts`,
        from: "const found = await this.#probe.verdict(cached.secret, signal);",
        to: `const isYoung = this.#node.storeClock.nowMs() - cached.stored.issuedAtMs < 30_000;
          const found = isYoung ? await this.#probe.verdict(cached.secret, signal) : "dead";`,
      },
    ],
    test: rejectionTest,
    title: "is kept when the platform calls it alive, whatever its age",
  },
  {
    right: "One API that refuses every token costs no healthy call, and its callers get the code.",
    edits: [
      {
        file: `${core}/manager/refusal-judge.ts`,
        from: 'if (isPresent && found === "alive") {',
        to: 'if (isPresent && found === "alive" && signal?.aborted === true) {',
      },
    ],
    test: `${wechat}/account/refusing-api.test.ts`,
    title: "costs no healthy call, no fetch",
  },
  {
    right:
      "A refused token stays in use until a fetch is permitted, unless the platform calls it dead.",
    edits: [
      {
        file: `${core}/manager/refusal-judge.ts`,
        from: 'if (found === "dead" || isConfirmed) local.markRefused(fingerprint);',
        to: 'if (found !== "alive" || isConfirmed) local.markRefused(fingerprint);',
      },
    ],
    test: rejectionTest,
    title: "stays in use until it is replaced, if no probe",
  },
  {
    right: "Only the platform's word takes a token out of use for all nodes.",
    edits: [
      {
        file: `${state}/state.ts`,
        from: "return isSuspect(state) && state.suspect?.dead === true;",
        to: "return isSuspect(state);",
      },
    ],
    test: `${state}/suspect.test.ts`,
    title: "marks it, leaves it in use",
  },
  {
    right: "A complaint that the platform does not confirm is no evidence of a foreign refresh.",
    edits: [
      {
        file: `${state}/suspect.ts`,
        from: "if (rules === undefined || explained || !isFoundDead)",
        to: "if (rules === undefined || explained)",
      },
    ],
    test: `${state}/suspect.test.ts`,
  },
  {
    right: "What the platform calls alive is served again.",
    edits: [
      {
        file: `${state}/suspect.ts`,
        from: 'if (found === "alive")\n return isSuspect(state)',
        to: 'if (found === "alive")\n return isSuspect(state) && nowMs < 0',
      },
    ],
    test: `${state}/suspect.test.ts`,
    title: "is withdrawn when the platform calls it alive",
  },
  {
    right: "A path that refuses every token is remembered, so that its next refusal asks first.",
    edits: [
      {
        file: `${wechat}/calls/send.ts`,
        from: "const doubtful = refusing.has(path) || replays > 0;",
        to: "const doubtful = replays > 0;",
      },
    ],
    test: `${wechat}/account/refusing-api.test.ts`,
    title: "an API that refused a fresh token",
  },
  {
    right: "The memory of refusing paths is bounded.",
    edits: [
      {
        file: `${wechat}/calls/refusing-paths.ts`,
        from: "const pathsMax = 256;",
        to: "const pathsMax = Number.POSITIVE_INFINITY;",
      },
    ],
    test: `${wechat}/calls/refusing-paths.test.ts`,
  },
  {
    right: "Texts that are not the fleet's flush no memory of refused tokens.",
    edits: [
      {
        file: `${core}/manager/manager.ts`,
        from: "const reportedAtMs = this.#assembly.storeClock.nowMs();",
        to: `const reportedAtMs = this.#assembly.storeClock.nowMs();
          if (!isCurrent) this.#local.markRefused(fingerprint);`,
      },
      {
        file: `${core}/fleet/local-copy.ts`,
        from: "return this.#context.rules.canAsk && isDead(state)",
        to: "return this.#context.rules.canAsk && isDead(state) && this.#isClosed",
      },
    ],
    test: rejectionTest,
    title: "is remembered, however many unknown texts are reported",
  },
  {
    right: "Another node's complaint, to which the platform gave no answer once, is not believed.",
    edits: [
      {
        file: `${core}/manager/remote-refusals.ts`,
        from: "doubtful: this.#unanswered !== fingerprint,",
        to: "doubtful: false,",
      },
    ],
    test: `${core}/manager/refusal-judge.test.ts`,
    title: "is not believed after one unanswered probe",
  },
  {
    right: "A request that was refused because of the parent's token left, so it counts.",
    edits: [
      {
        file: `${state}/abandon.ts`,
        from: 'const neverLeft = event.outcome === "unsent" || event.outcome === "yielded";',
        to: 'const neverLeft = ["unsent", "yielded", "parent"].includes(event.outcome);',
      },
    ],
    test: `${state}/abandon.test.ts`,
    title: "counts against the quota, is no failure yet",
  },
  {
    right: "A parent that is found alive makes it the child's failure, with back-off.",
    edits: [
      {
        file: `${core}/refresh/parent.ts`,
        from: "if (!isKnown) await recordRefusal(dependencies, error, parent);",
        to: "if (isKnown) await recordRefusal(dependencies, error, parent);",
      },
    ],
    test: `${core}/scenarios/parent.test.ts`,
    title: "backs off when the parent is alive, and counts",
  },
  {
    right: "A parent is replaced once for a goal; after that it is the child's failure.",
    edits: [
      {
        file: `${core}/refresh/parent.ts`,
        from: "const doubtful = isFresh || isDoubtful;",
        to: "const doubtful = isDoubtful && !isFresh && false;",
      },
    ],
    test: `${core}/scenarios/parent.test.ts`,
    title: "has its parent replaced once for each goal, and",
  },
];
