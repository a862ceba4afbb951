/** The process of one node: follows the demo's orders, and reports. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { sqliteStore } from "@lingpai/adapter-sqlite";
import { delay, systemClock } from "@lingpai/core";
import { Redis } from "ioredis";
import { CallFailure, lingpaiNode, naiveNode, type DemoNode, type NodeStore } from "./node.ts";
import type { NodeSpec, Order, Report } from "./protocol.ts";

interface Member {
  readonly node: DemoNode;
  leave(): Promise<void>;
}

process.on("message", createWorker());

function createWorker(): (order: Order) => void {
  let member: Member | undefined;
  return (order) => {
    if (order.type === "join") member = join(order.spec);
    void obey(order, member).then((report) => process.send?.(report));
  };
}

async function obey(order: Order, member: Member | undefined): Promise<Report> {
  const failures = new Map<string, number>();
  let calls = 0;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    calls += 1;
    await work().catch((error: unknown) => {
      const code = error instanceof CallFailure ? error.code : String(error);
      failures.set(code, (failures.get(code) ?? 0) + 1);
    });
  };
  switch (order.type) {
    case "boot":
      await attempt(() => nodeOf(member).boot());
      break;
    case "call":
      for (let round = 0; round < order.rounds; round += 1) {
        await Promise.all(
          Array.from({ length: order.callers }, () => attempt(() => nodeOf(member).call())),
        );
        if (order.paceMs > 0) await delay(systemClock, order.paceMs);
      }
      break;
    case "leave":
      await member?.leave();
  }
  const ranked = [...failures].toSorted(([, one], [, other]) => other - one);
  const failed = ranked.reduce((sum, [, count]) => sum + count, 0);
  return {
    id: order.id,
    calls,
    failed,
    failures: ranked.map(([code]) => code),
    reasons: [...(member?.node.reasons ?? [])],
  };
}

function nodeOf(joined: Member | undefined): DemoNode {
  if (joined === undefined) throw new Error("The demo gives orders only after join.");
  return joined.node;
}

function join(spec: NodeSpec): Member {
  const { store, close } = open(spec.store);
  const node =
    spec.contender === "cache per environment" ? naiveNode(spec, store) : lingpaiNode(spec, store);
  return {
    node,
    async leave() {
      await node.close();
      await store.cache.close();
      close();
    },
  };
}

/** Longer than usual, because six processes may share two cores, and speed is not shown here. */
const deadlineMs = 5_000;

function open(where: NodeSpec["store"]): { store: NodeStore; close: () => void } {
  if ("redisUrl" in where) {
    const client = new Redis(where.redisUrl);
    return {
      store: {
        cache: ioredisCache(client, { deadlineMs }),
        lock: ioredisLock(client, { deadlineMs }),
      },
      close: () => client.disconnect(),
    };
  }
  // Its connection is closed together with the cache.
  return { store: sqliteStore(where.sqliteFile, { deadlineMs }), close: () => {} };
}
