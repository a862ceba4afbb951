/** Checks for settings of Redis under which credentials, locks and fences can be lost. */
import type { Check, Fix, Outcome } from "../check.ts";
import { finding, joined, notApplicable, ok, unknown } from "../check.ts";
import type { RedisServer } from "../sight/redis-sight.ts";
import type { Sight } from "../sight/sight.ts";

type Answer = { readonly bad: string } | { readonly unknown: string } | "ok";

/** Asks every server. If one refuses INFO, the result is unknown. */
async function overServers(
  { redis }: Sight,
  fine: string,
  ask: (server: RedisServer) => Answer | Promise<Answer>,
): Promise<Outcome> {
  if (redis === undefined) return notApplicable("The store is not Redis.");
  const answers: Answer[] = [];
  for (const server of redis.servers)
    answers.push(
      server.isSilent
        ? { unknown: `INFO is refused by ${server.name}: grant +info, or look there yourself.` }
        : await ask(server),
    );
  const bad = answers.flatMap((answer) =>
    typeof answer === "object" && "bad" in answer ? [answer.bad] : [],
  );
  if (bad.length > 0) return finding(joined(bad));
  const open = answers.flatMap((answer) =>
    typeof answer === "object" && "unknown" in answer ? [answer.unknown] : [],
  );
  return open.length > 0 ? unknown(joined(open)) : ok(fine);
}

/** A setting that can be changed while the server runs, and undone by the same command. */
function setting(name: string, value: string, isWrong: (now: string) => boolean): Fix {
  const command = `CONFIG SET ${name} ${value}`;
  return {
    text: {
      en: `${command}, until the server restarts: write it to redis.conf too.`,
      "zh-CN": `执行 ${command}，到服务器重启为止：请同时写入 redis.conf。`,
    },
    async apply({ redis }) {
      const done: string[] = [];
      for (const server of redis?.servers ?? []) {
        const now = await server.setting(name);
        if (now === undefined)
          throw new Error(`CONFIG is refused. Set ${name} ${value} where the server is managed.`);
        if (!isWrong(now)) continue;
        await server.command("CONFIG", "SET", name, value);
        done.push(`${server.name}: ${command}. To undo it: CONFIG SET ${name} ${now}`);
      }
      return done;
    },
  };
}

export const evictingPolicy: Check = {
  id: "evicting-policy",
  severity: "critical",
  text: {
    en: {
      title: "Redis may evict tokens and locks",
      meaning:
        "When memory runs out, Redis drops documents, locks and fences: nodes fetch side by side and kill each other's token.",
      remedy:
        "Set maxmemory-policy to noeviction on this server, or keep the tokens on a server of their own.",
    },
    "zh-CN": {
      title: "Redis 可能淘汰 token 与锁",
      meaning: "内存不足时 Redis 会丢弃文档、锁与栅栏值：节点会同时获取，互相使对方的 token 失效。",
      remedy: "在该服务器上把 maxmemory-policy 设为 noeviction，或为 token 单独使用一台服务器。",
    },
  },
  fix: setting("maxmemory-policy", "noeviction", (now) => now !== "noeviction"),
  async look(sight) {
    const found = await overServers(sight, "maxmemory-policy is noeviction.", (server) => {
      const policy = server.info("maxmemory_policy");
      if (policy === undefined) return { unknown: `${server.name} does not tell its policy.` };
      if (policy === "noeviction") return "ok";
      const limit = server.info("maxmemory");
      const now = limit === "0" ? ", with no maxmemory yet" : "";
      return { bad: `maxmemory-policy of ${server.name} is ${policy}${now}.` };
    });
    const isUnbounded = sight.redis?.servers.every((server) => server.info("maxmemory") === "0");
    return found.status === "finding" && isUnbounded ? { ...found, severity: "warning" } : found;
  },
};

export const notPersistent: Check = {
  id: "not-persistent",
  severity: "critical",
  text: {
    en: {
      title: "Redis keeps refresh tokens in memory only",
      meaning:
        "A stored refresh token works once: when Redis restarts without it, the account has to be authorised again by a person.",
      remedy: "Set appendonly yes; or keep these credentials in PostgreSQL or SQLite.",
    },
    "zh-CN": {
      title: "Redis 只在内存中保存 refresh token",
      meaning: "refresh token 一旦丢失，Redis 重启后该账号必须由人重新授权。",
      remedy: "设置 appendonly yes；或把这些凭据放在 PostgreSQL 或 SQLite 中。",
    },
  },
  fix: setting("appendonly", "yes", (now) => now !== "yes"),
  look(sight) {
    const { credentials, redis } = sight;
    if (redis === undefined) return notApplicable("The store is not Redis.");
    if ("unknown" in credentials) return unknown(credentials.unknown);
    const rotating = credentials.known.credentials.filter(
      ({ state }) => state?.credential?.nextInput !== undefined,
    );
    if (rotating.length === 0) {
      const hidden = credentials.known.credentials.some(({ unreadable }) => unreadable);
      if (hidden) return unknown("A document cannot be read: it may hold a refresh token.");
      return notApplicable("No credential with a refresh token is stored.");
    }
    return overServers(sight, "Redis writes every change to disk.", async (server) => {
      if (server.info("aof_enabled") === "1") return "ok";
      const save = await server.setting("save");
      const held = `${rotating.length} refresh tokens are stored, and`;
      if (save === undefined)
        return { unknown: `${held} ${server.name} tells of no append-only file. Ask its service.` };
      const how = save === "" ? "persists nothing" : `only takes snapshots (save ${save})`;
      return { bad: `${held} ${server.name} ${how}.` };
    });
  },
};

export const unreplicatedWrites: Check = {
  id: "unreplicated-writes",
  severity: "warning",
  text: {
    en: {
      title: "Redis acknowledges writes that no replica has",
      meaning:
        "After a failover the newest token may be missing, and an isolated primary may grant a second lock.",
      remedy: "Set min-replicas-to-write 1 and min-replicas-max-lag 10 on the primary.",
    },
    "zh-CN": {
      title: "Redis 确认了没有副本持有的写入",
      meaning: "故障转移之后可能丢失最新的 token，被隔离的主节点也可能发出第二把锁。",
      remedy: "在主节点上设置 min-replicas-to-write 1 与 min-replicas-max-lag 10。",
    },
  },
  fix: setting("min-replicas-to-write", "1", (now) => now === "0"),
  look: (sight) =>
    overServers(sight, "There is no replica, or writes wait for one.", (server) => {
      const replicas = Number(server.info("connected_slaves") ?? "0");
      if (server.info("role") !== "master" || replicas === 0) return "ok";
      // Redis shows this field only while both settings are above 0.
      if (server.info("min_slaves_good_slaves") !== undefined) return "ok";
      return { bad: `${server.name} has ${replicas} replicas and min-replicas-to-write 0.` };
    }),
};

export const replicaAsPrimary: Check = {
  id: "replica-as-primary",
  severity: "critical",
  text: {
    en: {
      title: "The address leads to a replica",
      meaning:
        "A replica refuses writes, so nobody can refresh; one that takes them keeps them from everybody else.",
      remedy: "Give the primary's address, or connect through Sentinel or Cluster.",
    },
    "zh-CN": {
      title: "地址指向的是副本",
      meaning: "副本拒绝写入，没有节点能刷新；可写的副本则不会把写入同步给其他节点。",
      remedy: "改用主节点的地址，或通过 Sentinel 或 Cluster 连接。",
    },
  },
  look: (sight) =>
    overServers(sight, "It is a primary.", (server) => {
      const role = server.info("role");
      if (role === undefined) return { unknown: `${server.name} does not tell its role.` };
      if (role === "master") return "ok";
      const primary = `${server.info("master_host") ?? "?"}:${server.info("master_port") ?? "?"}`;
      return { bad: `${server.name} is a replica of ${primary}.` };
    }),
};
