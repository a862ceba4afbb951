import type { Regression } from "../regression.ts";

const simulator = "packages/wechat-simulator/src";
const pathsTest = `${simulator}/endpoints/documented-paths.test.ts`;

/** The simulator as a first-time user meets it, and as unkind as the platform. */
export const simulatorRows: readonly Regression[] = [
  {
    right: "Every documented path with a live token answers errcode 0 and a plausible body.",
    edits: [
      {
        file: `${simulator}/simulator.ts`,
        from: "const endpoints = [...engines, ...documentedEndpoints(platform, engines)];",
        to: "const endpoints = engines;",
      },
    ],
    test: pathsTest,
    title: "answers a live token with errcode 0",
  },
  {
    right: "Each host serves only its own paths.",
    edits: [
      {
        file: `${simulator}/simulator.ts`,
        from: "const app = apps.get(hostOf(url));",
        to: "const app = apps.get(undefined);",
      },
    ],
    test: pathsTest,
    title: "serves only its own paths and accepts only its own tokens",
  },
  {
    right: "A live token can be refused by one endpoint only.",
    edits: [
      {
        file: `${simulator}/ledger/standing-refusals.ts`,
        from: "(each.endpoint ?? endpoint) === endpoint",
        to: "(each.endpoint ?? endpoint) !== undefined",
      },
    ],
    test: pathsTest,
    title: "affects one endpoint",
  },
  {
    right: "Refusals end.",
    edits: [
      {
        file: `${simulator}/ledger/standing-refusals.ts`,
        from: "this.#standing = this.#standing.filter(({ untilMs, left }) => nowMs < untilMs && left > 0);",
        to: "void nowMs;",
      },
    ],
    test: pathsTest,
    title: "for a number of requests or a time",
  },
  {
    right: "A ticket's text repeats while it lives, always with the whole lifetime.",
    edits: [
      {
        file: `${simulator}/accounts/calls.ts`,
        from: "expires_in: Math.floor(space.lifetimeMs / 1000),",
        to: "expires_in: Math.floor((space.lifetimeMs - (nowMs % space.lifetimeMs)) / 1000),",
      },
      {
        file: `${simulator}/accounts/calls.ts`,
        from: `(_account, subject) => {
        const { type } = request;`,
        to: `(_account, subject, nowMs) => {
        const { type } = request;`,
      },
    ],
    test: `${simulator}/accounts/calls.test.ts`,
    title: "a ticket is the same until it expires",
  },
  {
    right: "A corp that installed a suite has an encrypted, case-sensitive id.",
    edits: [
      {
        file: `${simulator}/wecom/installations.ts`,
        from: "return `wp${createHash",
        to: "return corpId; return `wp${createHash",
      },
    ],
    test: pathsTest,
    title: "is redeemed once, by the corp's encrypted id",
  },
  {
    right: "A pushed document that is sealed anew looks different in every part.",
    edits: [
      {
        file: `${simulator}/push/push.ts`,
        from: "const salt = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random.next() * 256)));",
        to: "const salt = Buffer.alloc(16);",
      },
    ],
    test: `${simulator}/push/push.test.ts`,
    title: "two messages of the same content differ",
  },
  {
    right: "Pushes come twice, sealed anew, nested and in odd forms.",
    edits: [
      {
        file: `${simulator}/push/push-chaos.ts`,
        from: "if (random.next() >= rate) return [push];",
        to: "if (rate >= 0) return [push];",
      },
    ],
    test: `${simulator}/push/push-chaos.test.ts`,
  },
  {
    right: "An account's information and the list of accounts may lack the refresh token.",
    edits: [
      {
        file: `${simulator}/open-platform/open-platform-bodies.ts`,
        from: "return refreshTokenSources.includes(where);",
        to: "return refreshTokenSources.length >= 0 || where !== undefined;",
      },
    ],
    test: "packages/wechat/src/open-platform/open-platform.test.ts",
    title: "must be repeated, and says so, when WeChat returns the refresh token nowhere",
  },
  {
    right: "An installation goes through the real endpoints.",
    edits: [
      {
        file: `${simulator}/endpoints/wecom-endpoints.ts`,
        from: '"/cgi-bin/service/get_permanent_code"',
        to: '"/cgi-bin/service/nobody"',
      },
    ],
    test: pathsTest,
    title: "is redeemed once, by the corp's encrypted id",
  },
  {
    right: "Chaos draws from every kind of fault.",
    edits: [
      {
        file: `${simulator}/network/chaos.ts`,
        from: "return chaosKinds[Math.floor(random.next() * chaosKinds.length)]?.draw(subject, random);",
        to: "return chaosKinds[Math.floor(random.next() * 7)]?.draw(subject, random);",
      },
    ],
    test: pathsTest,
    title: "draws every kind",
  },
  {
    right: "Chaos is on in `pnpm simulate`.",
    edits: [
      {
        file: "apps/simulation/src/plan/fault-rates.ts",
        from: "chaos: probability(0.1),",
        to: "chaos: 0,",
      },
    ],
    test: "apps/simulation/src/plan/fault-rates.test.ts",
  },
];
