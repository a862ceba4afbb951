/** Checks of the fleet's own documents: shared tokens, foreign fetches, stuck refreshes. */
import { isDead, owedSinceMs } from "@lingpai/core/internal/state";
import type { Check } from "../check.ts";
import { finding } from "../check.ts";
import { minutes, nameOfCredential, overCredentials, overDocuments } from "./over-credentials.ts";

const dayMs = 86_400_000;
/** Used if the overlap is unknown, or there is none. */
const overlapDefaultMs = 300_000;

export const sharedAppId: Check = {
  id: "shared-app-id",
  severity: "critical",
  text: {
    en: {
      title: "Two environments fetch the token of one AppID",
      meaning: "Each fetch kills the other's token, and its calls fail with 40001.",
      remedy:
        'Give each environment an AppID of its own; or use mode "stable" in both; or let one only read: onConflict "consume". If one is gone: lingpai unclaim.',
    },
    "zh-CN": {
      title: "两个环境在获取同一个 AppID 的 token",
      meaning: "任何一方获取都会使另一方的 token 失效，其调用报 40001。",
      remedy:
        "为每个环境使用各自的 AppID；或两边都用 stable 模式；或让其中一个只读：onConflict: consume。若某个环境已下线，执行 lingpai unclaim。",
    },
  },
  look(sight) {
    const { credentials: seen } = sight;
    const all = "known" in seen ? seen.known.credentials : [];
    return overCredentials(sight, "No token that a fetch replaces is fetched twice.", (one) => {
      const others = all.filter((other) => other.id === one.id && other !== one);
      if (others.length === 0 || one.facts.supersedes === false) return "ok";
      const isFirst = all.find(({ id }) => id === one.id) === one;
      if (!isFirst) return "ok";
      const names = [one, ...others].map(({ environment }) => `"${environment}"`).join(" and ");
      return `${names} have claimed ${one.id} in this store.`;
    });
  },
};

export const foreignRefresher: Check = {
  id: "foreign-refresher",
  severity: "critical",
  text: {
    en: {
      title: "Somebody outside the fleet replaces the token",
      meaning:
        "Another service, SDK or console fetches for this AppID: each of its fetches kills your token.",
      remedy:
        'Find who else has the AppSecret and let it take the token from here (token server, or @lingpai/interop); or use mode "stable"; or reset the AppSecret.',
    },
    "zh-CN": {
      title: "集群之外有人在替换 token",
      meaning: "另有服务、SDK 或控制台在为该 AppID 获取 token，每次获取都会使你的 token 失效。",
      remedy:
        "找出还有谁持有 AppSecret，让它从这里取 token（中控服务器，或 @lingpai/interop）；或改用 stable 模式；或重置 AppSecret。",
    },
  },
  look: (sight) =>
    overDocuments(
      sight,
      "No token was replaced from outside within a day.",
      ({ contention }, one) => {
        const agoMs = one.storeNowMs - contention.lastMs;
        if (contention.count === 0 || agoMs > dayMs) return "ok";
        return `${nameOfCredential(one)} was replaced from outside ${contention.count === 1 ? "once" : `${contention.count} times`}, last ${minutes(agoMs)} ago.`;
      },
    ),
};

export const doubtOverdue: Check = {
  id: "doubt-overdue",
  severity: "critical",
  text: {
    en: {
      title: "A fetch was never settled",
      meaning:
        "A request for a token got no answer, and the refresh that settles it is overdue: the stored token may be dead.",
      remedy:
        "See whether an owner of this environment is running and reaches the platform. Then: lingpai refresh.",
    },
    "zh-CN": {
      title: "有一次获取始终没有结果",
      meaning: "一次 token 请求没有得到响应，用来确认结果的刷新已逾期：存储中的 token 可能已失效。",
      remedy: "检查该环境是否有 owner 在运行、能否访问平台。随后执行 lingpai refresh。",
    },
  },
  look: (sight) =>
    overDocuments(sight, "No fetch is unsettled for longer than the overlap.", (state, one) => {
      const sinceMs = owedSinceMs(state);
      if (sinceMs === undefined) return "ok";
      const ageMs = one.storeNowMs - sinceMs;
      const overlapMs = one.facts.overlapMs || overlapDefaultMs;
      if (ageMs <= overlapMs) return "ok";
      return `${nameOfCredential(one)} is in doubt for ${minutes(ageMs)}; the overlap is ${minutes(overlapMs)}.`;
    }),
};

export const unknownSchema: Check = {
  id: "unknown-schema",
  severity: "critical",
  text: {
    en: {
      title: "A stored document cannot be read",
      meaning:
        "What cannot be read counts as present: nodes that cannot read it fetch nothing, and fail.",
      remedy:
        "A newer release wrote it: upgrade the older nodes. It is sealed: give every node the same sealing key. Anything else under this key is foreign: find who writes there.",
    },
    "zh-CN": {
      title: "存储中的文档无法读取",
      meaning: "读不了不等于没有：读不了它的节点不会获取 token，调用会失败。",
      remedy:
        "若由更新的版本写入，升级旧节点；若已加密，让每个节点使用相同的加密密钥；若都不是，则该键被外部写入，找出是谁写的。",
    },
  },
  look(sight) {
    const { credentials } = sight;
    if ("known" in credentials && credentials.known.unreadableClaims.length > 0)
      return finding(credentials.known.unreadableClaims[0] ?? "");
    return overCredentials(sight, "Every document can be read.", (one) => {
      if (one.unreadable === undefined) return "ok";
      return `${nameOfCredential(one)} (${one.unreadable.reason}): ${one.unreadable.text}`;
    });
  },
};

export const platformRefuses: Check = {
  id: "platform-refuses",
  severity: "critical",
  text: {
    en: {
      title: "The platform refuses to issue a token",
      meaning: "There will be no new token until a person mends what the code names.",
      remedy:
        "40164: add the node's address to the IP allow-list. 40001, 40125: correct the AppSecret. 40013: correct the AppID. It is tried again by itself within ten minutes.",
    },
    "zh-CN": {
      title: "平台拒绝签发 token",
      meaning: "在人工修复错误码所指的问题之前，不会有新的 token。",
      remedy:
        "40164：把节点地址加入 IP 白名单；40001、40125：改正 AppSecret；40013：改正 AppID。十分钟内会自动重试。",
    },
  },
  look: (sight) =>
    overDocuments(sight, "The platform refuses nothing.", (state, one) => {
      const { refusal } = state;
      if (refusal === undefined) return "ok";
      const times = refusal.count > 1 ? `, ${refusal.count} times` : "";
      return `${nameOfCredential(one)}: ${refusal.code} for node ${refusal.node}${times}.`;
    }),
};

export const notRefreshed: Check = {
  id: "not-refreshed",
  severity: "critical",
  text: {
    en: {
      title: "A token that is needed has expired or is dead",
      meaning: "Calls fail now: nobody has replaced it.",
      remedy:
        "See whether an owner of this environment is running and reaches both store and platform. Then: lingpai refresh.",
    },
    "zh-CN": {
      title: "token 已到期或已失效，却仍有人需要",
      meaning: "调用正在失败：没有节点替换它。",
      remedy: "检查该环境是否有 owner 在运行、能否访问存储与平台。随后执行 lingpai refresh。",
    },
  },
  look: (sight) =>
    overDocuments(sight, "Every token that is wanted lives.", (state, one) => {
      const { credential, failures, failure, usedAtMs = 0 } = state;
      if (failures > 2)
        return `${nameOfCredential(one)}: ${failures} fetches in a row failed (${failure?.code ?? "no answer"}).`;
      if (credential === undefined) return "ok";
      const endedMs = one.storeNowMs - credential.expiresAtMs;
      if (isDead(state)) return `${nameOfCredential(one)}: the platform calls its token dead.`;
      if (endedMs > 0 && usedAtMs > credential.expiresAtMs)
        return `${nameOfCredential(one)} ended ${minutes(endedMs)} ago and was used since.`;
      return "ok";
    }),
};
