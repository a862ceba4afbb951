/** What the background may cost, what a close ends, and who counts as a user. */
import type { Regression } from "../regression.ts";

const core = "packages/core/src";

export const yearsBackground: readonly Regression[] = [
  {
    right:
      "A wall-clock step at the first use, while the store fails, costs a few readings a minute.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "const isDue = isDoubtful && this.#readFailures === 0;",
        to: "const isDue = isDoubtful;",
      },
      {
        file: `${core}/manager/background.ts`,
        from: "return this.#dependencies.source.lastReadMs + doubtfulPauseMs(this.#node, this.#dependencies);",
        to: "return Number.NEGATIVE_INFINITY;",
      },
    ],
    test: `${core}/manager/background-schedule.test.ts`,
    title: "clock set after the first use",
  },
  {
    right: "Whatever is due, a wake-up is followed by a least pause: no term can make a hot loop.",
    edits: [
      {
        file: `${core}/manager/background-schedule.ts`,
        from: "Math.max(0, nextMs - nowMs, lastWokeMs + sleepMinMs - nowMs)",
        to: "Math.max(0, nextMs - nowMs)",
      },
    ],
    test: `${core}/manager/background-schedule.test.ts`,
    title: "sleeps at least the shortest pause and at most",
  },
  {
    right: "The timer wakes for nothing that the choice then leaves undone.",
    edits: [
      {
        file: `${core}/manager/background-schedule.ts`,
        from: `return nowMs >= terms.subscribeAtMs ? "subscribe" : undefined;`,
        to: `return nowMs > terms.subscribeAtMs ? "subscribe" : undefined;`,
      },
    ],
    test: `${core}/manager/background-schedule.test.ts`,
    title: "returns a task that is due, the refresh first, and",
  },
  {
    right: "After a close no late subscription leaves a timer that reads the store.",
    edits: [
      {
        file: `${core}/fleet/change-feed.ts`,
        from: "if (this.#opening !== opening) return;",
        to: "",
      },
      {
        file: `${core}/fleet/change-feed.ts`,
        from: "if (!this.isSubscribed || this.#isClosed) return;",
        to: "if (!this.isSubscribed) return;",
      },
      {
        file: `${core}/fleet/change-feed.ts`,
        from: "#read(): void { if (this.#isClosed) return;",
        to: "#read(): void {",
      },
    ],
    test: `${core}/fleet/change-feed.test.ts`,
    title: "reads nothing after close",
  },
  {
    right: "No event follows `closed`.",
    edits: [
      { file: `${core}/manager/manager.ts`, from: "this.#context.bus.close();", to: "" },
      {
        file: `${core}/fleet/local-copy.ts`,
        from: "updateState(state: State): void { if (this.#isClosed) return;",
        to: "updateState(state: State): void {",
      },
    ],
    test: `${core}/scenarios/after-close.test.ts`,
    title: "no event is emitted, not even that the",
  },
  {
    right: "`await using` closes a credential.",
    edits: [
      {
        file: `${core}/manager/manager.ts`,
        from: "[Symbol.asyncDispose](): Promise<void> { return this.close(); }",
        to: "async [Symbol.asyncDispose](): Promise<void> {}",
      },
    ],
    test: `${core}/scenarios/after-close.test.ts`,
    title: "await using",
  },
  {
    right: "A client under Keyv that its owner has closed is opened by nothing of ours again.",
    edits: [
      {
        file: "packages/adapter-keyv/src/redis/redis.ts",
        from: "wasOpen = adapter.client.isOpen === true;",
        to: "",
      },
    ],
    test: "packages/adapter-keyv/src/redis/redis.test.ts",
    title: "does not open a client again that its owner has closed",
  },
  {
    right: "A client under Keyv that never connected is opened by no late release.",
    edits: [
      {
        file: "packages/adapter-keyv/src/redis/redis.ts",
        from: "if (!wasOpen && !comesLate)",
        to: "if (!wasOpen)",
      },
    ],
    test: "packages/adapter-keyv/src/redis/redis.test.ts",
    title: "the release of a lock that was never granted",
  },
  {
    right: "A pool of PostgreSQL that is ended gets the connection back that listens.",
    edits: [
      {
        file: "packages/sql/src/postgres/listener.ts",
        from: "if (this.#pool.ending === true) return this.#disconnect();",
        to: "",
      },
    ],
    test: "packages/sql/src/postgres/listener.test.ts",
    title: "gets its connection back at once",
  },
  {
    right: "The subscriptions of ioredis keep no process alive whose own client is gone.",
    edits: [
      {
        file: "packages/redis/src/clients/ioredis.ts",
        from: "connection.stream?.unref?.();",
        to: "",
      },
    ],
    test: "apps/e2e/src/fleet/process-exit.redis.test.ts",
  },
  {
    right: "The subscriptions of node-redis keep no process alive whose own client is gone.",
    edits: [
      {
        file: "packages/redis/src/clients/node-redis.ts",
        from: "connection.unref?.();",
        to: "",
      },
    ],
    test: "apps/e2e/src/fleet/process-exit.redis.test.ts",
  },
  {
    right: "An owner behind a closed gate tells the others what the platform refused.",
    edits: [
      {
        file: `${core}/refresh/owner.ts`,
        from: "await markForLeaseHolder(dependencies, goal, snapshot); throw refusal;",
        to: "throw refusal;",
      },
      {
        file: `${core}/refresh/owner.ts`,
        from: "await markForLeaseHolder(dependencies, goal, snapshot); return blockAt(node, gate);",
        to: "return blockAt(node, gate);",
      },
      {
        file: `${core}/refresh/owner.ts`,
        from: "await markForLeaseHolder(dependencies, goal, snapshot); throw error;",
        to: "throw error;",
      },
    ],
    test: `${core}/scenarios/owner-behind-gate.test.ts`,
  },
  {
    right: "Many credentials of one prefix have one subscription, not one each.",
    edits: [
      {
        file: `${core}/cache/create-cache.ts`,
        from: "if (present !== undefined) return present.open(",
        to: "if (present !== undefined && present === null) return present!.open(",
      },
    ],
    test: `${core}/scenarios/many-credentials.test.ts`,
    title: "have one timer and one subscription",
  },
  {
    right: "Many credentials are woken by one sweep, not by a timer each.",
    edits: [
      {
        file: `${core}/manager/background.ts`,
        from: "this.#sleep = sweepOf(clock).add(this.#awaitsMend() ? Math.min(ms, mendLookMs) : ms, this);",
        to: "clock.setTimer(ms, () => this.wake(), { background: true });",
      },
    ],
    test: `${core}/scenarios/many-credentials.test.ts`,
    title: "have one timer and one subscription",
  },
  {
    right: "A change reaches the credential that it concerns, and no other.",
    edits: [
      {
        file: `${core}/cache/shared-watch.ts`,
        from: "for (const { listener, key } of allFrom(this.#toName.get(name))) callSafely(listener, key);",
        to: "for (const first of this.#toName.values()) callSafely(first.listener, first.key);",
      },
    ],
    test: `${core}/scenarios/many-credentials.test.ts`,
    title: "are neither read nor woken",
  },
  {
    right: "At a cold start with a hanging store all callers have the same patience.",
    edits: [
      {
        file: `${core}/manager/single-flight.ts`,
        from: "const firstMs = storeClock.isSet ? waitMs : Math.min(waitMs, firstContactMs);",
        to: "const firstMs = waitMs;",
      },
      {
        file: `${core}/refresh/without-store.ts`,
        from: "if (error.retryable) {",
        to: "if (error.retryable && (node.storeClock.isSet || clock.monotonicMs() - startedMs < 3_000)) {",
      },
    ],
    test: `${core}/scenarios/cold-start.test.ts`,
    title: "lets every caller wait equally long, whoever came first:",
  },
  {
    right: "Reading, claiming and the lease cost a cold leader as few round trips as they can.",
    edits: [
      {
        file: `${core}/leader/write-intent.ts`,
        from: `const claiming = claims.claim(stored, local.state === undefined);`,
        to: `await stored;
          const claiming = claims.claim(stored, false);`,
      },
    ],
    test: `${core}/scenarios/serving.test.ts`,
    title: "costs a new leading node eight store commands",
  },
];
