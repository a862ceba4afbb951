/** Facts about the platform that follow from a credential's id, unless the caller knows better. */

/** All durations in ms. Undefined: not known. */
export interface PlatformFacts {
  /** The account: an AppID. Undefined if the id names none. */
  readonly account: string | undefined;
  /** True if each fetch kills the previous token. Undefined: not known. */
  readonly supersedes: boolean | undefined;
  readonly lifetimeMs: number | undefined;
  /** How long a superseded credential still works. */
  readonly overlapMs: number | undefined;
  /** Fetches a day. Infinity if the platform documents no limit. */
  readonly fetchesPerDay: number | undefined;
  readonly dayOffsetMs: number;
}

const nothing: PlatformFacts = {
  account: undefined,
  supersedes: undefined,
  lifetimeMs: undefined,
  overlapMs: undefined,
  fetchesPerDay: undefined,
  dayOffsetMs: 28_800_000,
};

/**
 * The lifetimes, overlaps and quotas that the platform documents (developers.weixin.qq.com,
 * developer.work.weixin.qq.com, 2026-11): 2 000 plain tokens a day for a new account, 500 000
 * stable ones. WeCom returns the same token again and documents a rate only.
 */
const table: readonly (readonly [RegExp, Partial<PlatformFacts>])[] = [
  [/^wechat:plain:(.+)$/, { supersedes: true, overlapMs: 300_000, fetchesPerDay: 2_000 }],
  [/^wechat:stable:(.+)$/, { supersedes: false, fetchesPerDay: 500_000 }],
  [/^wechat:ticket:[^:]+:(.+)$/, { supersedes: false }],
  [/^wechat:component:(.+)$/, { supersedes: true, overlapMs: 300_000, fetchesPerDay: 2_000 }],
  [/^wechat:authorizer:[^:]+:(.+)$/, { supersedes: true, overlapMs: 300_000 }],
  [
    /^wecom:(?:app|corp|suite|provider|corpgroup|ticket):(?:[^:]+:)?([^:]+)/,
    { supersedes: false, fetchesPerDay: Number.POSITIVE_INFINITY },
  ],
];

export function factsOf(id: string): PlatformFacts {
  for (const [shape, facts] of table) {
    const account = shape.exec(id)?.[1];
    if (account !== undefined) return { ...nothing, lifetimeMs: 7_200_000, ...facts, account };
  }
  return nothing;
}
