/** The process of one node. */
import { delay, systemClock } from "@lingpai/core";
import { obey } from "../fleet.ts";
import { joinAs, type IncidentNode } from "./contenders.ts";
import type { IncidentOrders } from "./protocol.ts";

function member(): IncidentOrders {
  let node: IncidentNode | undefined;
  return {
    async join(spec) {
      node = await joinAs(spec);
    },
    async call({ callers, limitMs }) {
      const caller = node;
      if (caller === undefined) throw new Error("Join comes before call.");
      const limit = delay(systemClock, limitMs).then(() =>
        Promise.reject(new Error(`no answer within ${limitMs} ms`)),
      );
      limit.catch(() => {});
      const outcomes = await Promise.allSettled(
        Array.from({ length: callers }, () => Promise.race([caller.call(), limit])),
      );
      const failures = outcomes.filter((outcome) => outcome.status === "rejected");
      return {
        failed: failures.length,
        failure: failures[0] === undefined ? undefined : String(failures[0].reason),
      };
    },
    async leave() {
      await node?.close();
      node = undefined;
    },
  };
}

obey(member());
