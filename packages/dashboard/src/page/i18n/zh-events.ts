/** 简体中文：发生了什么、原因、如何处理。 */
import type { Dictionary } from "./dictionary.ts";

export const events: Dictionary["events"] = {
  refreshed: {
    title: "新令牌",
    why: ({ duration, generation, node, reason }) =>
      `${node} 用 ${duration}获取了第 ${generation} 代令牌。原因：${reason}。`,
  },
  "age-unknown": {
    title: "签发时间未知",
    why: ({ duration, node }) =>
      `平台给 ${node} 的令牌没有说明已用时间，因此每 ${duration}再询问一次，直到出现下一个令牌。`,
  },
  adopted: {
    title: "采用",
    why: ({ duration, generation, node, other }) =>
      `${node} 采用了 ${other} 存入的第 ${generation} 代令牌，距提交 ${duration}。`,
  },
  "kept-stale": {
    title: "逾期服务",
    why: ({ cause, rest }) => `令牌早该续期，因为${cause}，只能继续服务剩余的 ${rest}。`,
    remedy: "请在令牌到期之前排除原因。Lingpai 会自行重试。",
  },
  rejected: {
    title: "被拒绝",
    why: ({ code, count, fingerprint, node }) =>
      `${node} ${count}收到报告：平台以 ${code} 拒绝了令牌 ${fingerprint}。`,
  },
  "refresh-failed": {
    title: "刷新失败",
    why: ({ code, message, node }) => `${node} 获取失败，错误码 ${code}。${message}`,
    remedy: "暂时无需处理：由集群中的一个节点以越来越长的间隔重试。",
  },
  "refused-fatally": {
    title: "持续被拒",
    why: ({ code, message, node }) =>
      `平台以 ${code} 响应 ${node}，这种拒绝不会自行消失。${message}`,
    remedy: "请更正所指的设置：AppSecret、IP 白名单或账号状态。有一个节点每 7 至 9 分钟重试一次。",
  },
  "in-doubt": {
    title: "存疑",
    why: ({ cause, node }) => `${node} 无法确定最后签发的是哪个令牌：${cause}。还需一次对账刷新。`,
  },
  reconciled: {
    title: "已对账",
    why: ({ age, node }) => `${node} 完成了对账刷新。存疑 ${age}之后，已存的令牌重新确定为最新。`,
  },
  "lock-lost": {
    title: "失去租约",
    why: ({ age, node }) => `${node} 在刷新过程中失去了持有 ${age}的租约，其结果仍会被记录。`,
    remedy: "如果经常发生，请检查进程是否停顿，或存储是否缓慢。",
  },
  "commit-superseded": {
    title: "来得太晚",
    why: ({ fingerprint, node }) =>
      `${node} 获取了令牌 ${fingerprint}，但此时已存入更新的令牌，因此没有保留它。`,
  },
  contended: {
    title: "被外部更换",
    why: ({ age, fingerprint, other, rest }) =>
      `令牌 ${fingerprint} 已用 ${age}、还剩 ${rest}时被平台拒绝，而集群内没有节点更换过它。另有登记：${other}。`,
    remedy:
      "请找出还有谁在为这个 AppID 获取令牌：另一个环境、自带缓存的 SDK 或脚本。让它改用自己的 AppID、稳定版令牌或本服务器。",
  },
  switched: {
    title: "切换签发者",
    why: ({ cause, other }) => `因为${cause}，集群现在从 ${other} 获取。`,
  },
  "claim-conflicted": {
    title: "重复登记",
    why: ({ environment, other }) => `除 ${environment} 外，${other} 也登记了这个凭据。`,
    remedy: "请让每个环境使用自己的 AppID，或让其中一个只作 consumer。",
  },
  reset: {
    title: "已清除",
    why: ({ generation }) => `运维人员让集群清除了第 ${generation} 代。`,
  },
  "store-regressed": {
    title: "存储回退",
    why: ({ generation, node }) =>
      `存储中的令牌比 ${node} 持有的第 ${generation} 代更旧：故障转移或恢复丢失了写入。`,
    remedy: "较新的令牌会被写回。请检查存储的复制方式。",
  },
  repaired: {
    title: "已写回",
    why: ({ generation, node }) => `${node} 把第 ${generation} 代写回了存储。`,
  },
  "unsealed-and-traced": {
    title: "令牌进入追踪数据",
    why: ({ node }) => `${node} 以未加密形式存入令牌，而它的存储命令正在被追踪。`,
    remedy: "请启用加密存储，并把已追踪的内容视为泄露。",
  },
  "store-unavailable": {
    title: "存储不可用",
    why: ({ cause, node }) => `${node} 无法使用存储（${cause}），改用自己的拷贝。`,
    remedy: "请在令牌到期之前恢复存储，各节点会自行察觉。",
  },
  "store-recovered": {
    title: "存储恢复",
    why: ({ age, node }) => `${node} 在 ${age}之后重新连上存储。`,
  },
  "quota-threshold": {
    title: "配额",
    why: ({ count }) => `今日获取已用 ${count}。`,
    remedy: "请找出令牌为何频繁被拒绝或更换，账本中有原因。",
  },
  unreadable: {
    title: "无法读取",
    why: ({ cause, node }) =>
      `${node} 发现存储中有不可使用的文档（${cause}）。不会获取，也不会覆盖。`,
    remedy: "请升级该节点、为其提供密封密钥，或清除不属于那里的内容。",
  },
  "clock-jumped": {
    title: "时钟跳变",
    why: ({ duration, node }) => `${node} 的时钟跳变了 ${duration}。期限不依赖它。`,
  },
  retired: {
    title: "停用",
    why: ({ age, count, generation, node }) =>
      `${node} 停用了第 ${generation} 代，它已用 ${age}，被使用 ${count}。`,
  },
  closed: {
    title: "节点关闭",
    why: ({ node }) => `${node} 关闭了该凭据。`,
  },
  poisoned: {
    title: "字段超出范围",
    why: ({ cause, node }) => `${node} 忽略了文档中超出范围的字段 ${cause}。`,
    remedy: "Lingpai 从不写入这样的值。请找出还有谁在写这个存储。",
  },
};
