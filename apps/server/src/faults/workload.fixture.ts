/** For tests: callers who use the platform through a client, all the time. */
import { delay, systemClock } from "@lingpai/core";
import type { Wechat } from "@lingpai/wechat";

export const callers = 10;
const gapMs = 50;

export interface Workload {
  /** The errors of calls that failed, as text. */
  readonly failed: readonly string[];
  readonly done: number;
  stop(): Promise<void>;
}

export function workloadOf(client: Pick<Wechat, "request" | "close">): Workload {
  const stopping = new AbortController();
  const failed: string[] = [];
  let done = 0;
  const call = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await client.request("/cgi-bin/user/info", { query: { openid: "o1" } }).then(
        () => (done += 1),
        (error: unknown) => failed.push(String(error)),
      );
      await delay(systemClock, gapMs);
    }
  };
  const running = Promise.all(Array.from({ length: callers }, call));
  return {
    failed,
    get done() {
      return done;
    },
    async stop() {
      stopping.abort();
      await running;
      await client.close();
    },
  };
}
