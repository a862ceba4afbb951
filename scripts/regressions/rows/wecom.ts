import type { Edit, Regression } from "../regression.ts";

const wechat = "packages/wechat/src";
const table = `${wechat}/errors/wecom-error-table.ts`;
const suite = `${wechat}/wecom/wecom-suite.ts`;
const suiteTest = `${wechat}/wecom/wecom-suite.test.ts`;
const classifyTest = `${wechat}/errors/classify.test.ts`;
const issuingTest = `${wechat}/calls/issuing-platform.test.ts`;

/** Every client calls the platform of official accounts, whatever issued its token. */
const oneHost: readonly Edit[] = [
  {
    file: `${wechat}/calls/issuing-platform.ts`,
    from: "const baseUrl = options.baseUrl ?? origin?.baseUrl;",
    to: "const baseUrl = options.baseUrl;",
  },
  {
    file: `${wechat}/calls/issuing-platform.ts`,
    from: "platformOf(id, origin?.platform),",
    to: '"wechat",',
  },
];
/** Business codes are read by the table of official accounts. */
const oneTable: readonly Edit[] = [
  {
    file: `${wechat}/calls/send.ts`,
    from: 'row: classify("business", refusal.errcode, platform.table)',
    to: 'row: classify("business", refusal.errcode)',
  },
];
/** The action of a code that no row names, at a token endpoint: as at 65d8947. */
const unlistedRetry: Edit = {
  file: `${wechat}/errors/classify.ts`,
  from: 'action: "pause", pauseMs: minuteMs,',
  to: 'action: "retry",',
};

const withoutCodes = (from: string, to: string): readonly Edit[] => [{ file: table, from, to }];

/** WeCom as a client, and its codes. */
export const wecom: readonly Regression[] = [
  {
    right: "A WeCom token is sent to WeCom, and to no host of the other platform.",
    edits: oneHost,
    test: issuingTest,
    title: "sends it to WeCom, and to no host of the other platform",
  },
  {
    right: "A credential carries its origin.",
    edits: [
      {
        file: `${wechat}/wecom/wecom-token.ts`,
        from: "origin: platform.origin,",
        to: "",
      },
    ],
    test: issuingTest,
    title: "carries its origin",
  },
  {
    right: "wecom() is a client as wechat() is.",
    edits: oneHost,
    test: `${wechat}/wecom/wecom.test.ts`,
    title: "makes calls at WeCom with one token, and survives its death",
  },
  {
    right: "The JS-SDK is configured for the corp and for the agent, each with its own ticket.",
    edits: [
      {
        file: `${wechat}/wecom/wecom.ts`,
        from: 'return { corpid: corpId, agentid, ...(await signed("agent_config", url, call)) };',
        to: 'return { corpid: corpId, agentid, ...(await signed("jsapi", url, call)) };',
      },
    ],
    test: `${wechat}/wecom/wecom.test.ts`,
    title: "signs a page for the corp and for the app",
  },
  {
    right: "A provider's token is sent as provider_access_token.",
    edits: [
      {
        file: `${wechat}/calls/issuing-platform.ts`,
        from: '["wecom:provider:", providerParameter],',
        to: "",
      },
    ],
    test: issuingTest,
    title: "carries a provider's token in the provider's parameter",
  },
  {
    right: "An app developed for a corp gets its token at gettoken, with its permanent code.",
    edits: [
      {
        file: `${wechat}/wecom/suite-corp.ts`,
        from: "if (isDevelopedFor) {",
        to: "if (corpId === suiteId) {",
      },
    ],
    test: suiteTest,
    title: "known by the corp's encrypted id",
  },
  {
    right: "The permanent code of an installation is stored for every node.",
    edits: [
      {
        file: suite,
        from: 'await codes.put(corpId, secretIn(new Map(Object.entries(answer)), "permanent_code"));',
        to: "",
      },
    ],
    test: suiteTest,
    title: "stored for every node",
  },
  {
    right: "A corp's consent is asked for with get_auth_info.",
    edits: [
      {
        file: suite,
        from: 'return api.request("/cgi-bin/service/get_auth_info", { json, ...call });',
        to: "return { ...json, ...call };",
      },
    ],
    test: suiteTest,
    title: "stored for every node",
  },
  {
    right: "A corp downstream is served with the token of the app that is shared with it.",
    edits: [
      {
        file: `${wechat}/wecom/corp-group-token.ts`,
        from: 'path: "/cgi-bin/corpgroup/corp/gettoken",',
        to: 'path: "/cgi-bin/gettoken",',
      },
    ],
    test: `${wechat}/wecom/wecom-token.test.ts`,
    title: "a downstream corp is served",
  },
  {
    right: "40080, a wrong suite secret, is reported after one request and with its reason.",
    edits: [
      ...withoutCodes("codes: [40001, 40080, 40091, 45031],", "codes: [40001, 40091],"),
      unlistedRetry,
    ],
    test: suiteTest,
    title: "is reported after one request, not after seven in 17 s",
  },
  {
    right: "41021, 41023 to 41025 and 710000 are read by the official table.",
    edits: withoutCodes(
      "codes: [40013, 41002, 41004, 40083, 41021, 41022, 41023, 41024, 41025, 48003, 710000],",
      "codes: [40013, 41002, 41004],",
    ),
    test: classifyTest,
  },
  {
    right: "43001 is a request by the wrong method.",
    edits: withoutCodes(
      "codes: [40058, 40063, 43001, 43002, 44002, 47001],",
      "codes: [40058, 40063, 43002, 44002, 47001],",
    ),
    test: classifyTest,
  },
  {
    right: "61024 is a wrong kind of token.",
    edits: [
      {
        file: `${wechat}/errors/wechat-error-table.ts`,
        from: "44002, 47001, 61011, 41018, 61024],",
        to: "44002, 47001, 61011, 41018],",
      },
    ],
    test: classifyTest,
  },
  {
    right: "89501 stops the address that an administrator has yet to confirm.",
    edits: [
      {
        file: `${wechat}/errors/wechat-error-table.ts`,
        from: "codes: [89501, 89503],",
        to: "codes: [89503],",
      },
    ],
    test: classifyTest,
  },
  {
    right: "50001 is a lack of permission, and no death of the token.",
    edits: [
      {
        file: `${wechat}/errors/wechat-error-table.ts`,
        from: 'codes: [48001, 48004, 50001], endpoint: "token",',
        to: 'codes: [48001, 48004], endpoint: "token",',
      },
    ],
    test: classifyTest,
  },
  {
    right:
      "42007 is an expired pre-authorisation code at WeCom: error tables are keyed by platform.",
    edits: oneTable,
    test: issuingTest,
    title: "classifies codes by WeCom's table",
  },
  {
    right: "A business 45009 at WeCom means a minute or an hour, not midnight.",
    edits: withoutCodes(
      'action: "pause", remedy: "Call less often: WeCom',
      'action: "wait-day", remedy: "Call less often: WeCom',
    ),
    test: issuingTest,
    title: "classifies codes by WeCom's table",
  },
  {
    right: "An unlisted code of a token endpoint is tried again at a pace that blocks no account.",
    edits: [unlistedRetry],
    test: suiteTest,
    title: "is retried at a pace that blocks nobody",
  },
];
