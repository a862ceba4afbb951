/**
 * Calls under WeChat's API security, compared with the vectors of its official page, and sent to a
 * platform that checks what the page demands.
 */
import { constants, generateKeyPairSync, sign, verify } from "node:crypto";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { createApi } from "../calls/api.ts";
import { fakeCredential } from "../calls/fake-credential.fixture.ts";
import { open, seal } from "./signed-envelope.ts";
import { signedFetch } from "./signed-fetch.ts";
import type { SignedFetchOptions } from "./signed-fetch.ts";

// All from developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html.
const appId = "wxba6223c06417af7b";
const path = "/wxa/getuserriskrank";
const target = `https://api.weixin.qq.com${path}`;
const encryptionKey = {
  id: "fa05fe1e5bcc79b81ad5ad4b58acf787",
  key: "otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=",
};
const envelopeKey = { id: encryptionKey.id, key: Buffer.from(encryptionKey.key, "base64") };
const plain = `{"_n":"o89QaPVsRu1yppIZzvSZc4","_appid":"${appId}","_timestamp":1635927954,"appid":"${appId}","openid":"oEWzBfmdLqhFS2mTXCo2E4Y9gJAM","scene":0,"client_ip":"127.0.0.1"}`;
const sealedRequest =
  '{"iv":"fmW/zNxXlytUZBgj","data":"0IDVdrPtSPF/Oe2CTXCV2vVNPbVJdJlP2WaTMQnoYLh5iCrrSNfQFh25EnStDMf0hLlVNBCZQtf9NaV0m4aRA4AAYIO7oR/Ge+4yY4EmZp5EVPB42xjScgMx5X3D4VdLCfynXIUKUtZHZvk1zmLVE3RauzJgiM1BB1CPmwcENo3MTJ0z8Vfkf5tMv54kOXobDLlV5rfqKdAX7gM/rP82DgZdt9vvZX44ipdbHIjJvw83ZXAFtvftdVw2Qd8=","authtag":"5qeM/2vZv+6KtScN94IpMg=="}';
const sealedAnswer =
  '{"iv":"r2WDQt56rEAmMuoR","data":"HExs66Ik3el+iM4IpeQ7SMEN934FRLFYOd3EmeaIrpP4EPTHckoco6O+PaoRZRa3lqaPRZT7r52f7LUok6gLxc6cdR8C4vpIIfh4xfLC4L7FNy9GbuMK1hcoi8b7gkWJcwZMkuCFNEDmqn3T49oWzAQOrY4LZnnnykv6oUJotdAsnKvmoJkLK7hRh7M2B1d2UnTnRuoIyarXc5Iojwoghx4BOvnV","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}';
const certificateId = "79ba700ea147819f640941bceb38b1d1";
const answerSignature =
  "Ht0VfQkkEweJ4hU266C14Aj64H9AXfkwNi5zxUZETCvR2svU1ZYdosDhFX/voLj1TyszqKsVxAlENGt7PPZZ8RQX7jnA4SKhiPUhW4LTbyTenisHJ+ohSfDjYnXavjQsBHspFS+BlPHuSSJ2xyQzw1+HuC6nid09ZL4FnGSYo4OI5MJrSb9xLzIVZMIDuUQchGKi/KaB1KzxECLEZcfjqbAgmxC7qOmuBLyO1WkHYDM95NJrHJWba5xv4wrwPru9yYTJSNRnlM+zrW5w9pOubC4Jtj3szTAEuOz9AcqUmgaAvMLNAIa8hfODLRe3n/cu4SgYlN/ZkNRU4QXVNbPGMg==";
const certificate = `-----BEGIN CERTIFICATE-----
MIID0jCCArqgAwIBAgIUeE+Yy7vM/o+eHHsfM+1bGJJEZTQwDQYJKoZIhvcNAQEL
BQAwXjELMAkGA1UEBhMCQ04xEzARBgNVBAoTClRlbnBheS5jb20xHTAbBgNVBAsT
FFRlbnBheS5jb20gQ0EgQ2VudGVyMRswGQYDVQQDExJUZW5wYXkuY29tIFJvb3Qg
Q0EwHhcNMjIwOTA1MDgzOTIyWhcNMjcwOTA0MDgzOTIyWjBkMRswGQYDVQQDDBJ3
eGQ5MzBlYTVkNWEyNThmNGYxFTATBgNVBAoMDFRlbmNlbnQgSW5jLjEOMAwGA1UE
CwwFV3hnTXAxCzAJBgNVBAYMAkNOMREwDwYDVQQHDAhTaGVuWmhlbjCCASIwDQYJ
KoZIhvcNAQEBBQADggEPADCCAQoCggEBAM5D9qlkCmk1kr3FpF0e9pc3kGsvz5RA
0/YRny9xPKIyV2UVMDZvRQ+mDHsiQQFE6etg457KFYSxTDKtItbdl6hJQVGeAvg0
mqPYE9SkHRGTfL/AnXRbKBG2GC2OcaPSAprsLOersjay2me+9pF8VHybV8aox78A
NsU75G/OO3V1iEE0s5Pmglqk8DEiw9gB/dGJzsNfXwzvyJyiUP9ZujYexyjsS+/Z
GdSOUkqL/th+16yHj8alcdyga6YGfWEDyWkt/i/B28cwx4nzwk8xgrurifPaLuMk
0+9wJQLCfAn/f7zyHrC8PcD1XvvRt9VBNMBASXs3710ODyyVf2lkMgkCAwEAAaOB
gTB/MAkGA1UdEwQCMAAwCwYDVR0PBAQDAgTwMGUGA1UdHwReMFwwWqBYoFaGVGh0
dHA6Ly9ldmNhLml0cnVzLmNvbS5jbi9wdWJsaWMvaXRydXNjcmw/Q0E9MUJENDIy
MEU1MERCQzA0QjA2QUQzOTc1NDk4NDZDMDFDM0U4RUJEMjANBgkqhkiG9w0BAQsF
AAOCAQEAL2MK9tYu+ljLVBlSbfEeaKyF07TN+G31Ya5NBzeS1ZCx4joUEIyACWmG
fUkKNKiKV+EMzxeEhKRso1Qif3E7Ipl+PQBoQw6OSR/jFHciYurnGR9CLkL03Zo1
qw1Xetv9OipsvlpA0SOWc207e/XpGdm8C7FMXM6bzvVp8I/STTjC1vqjIZu9WavI
RgGM4jyAPz2XogUq0BNijef8BXbbav9fAsXjHSwn5BQv4iLms3fiLm/eoyQ6dZ2R
oTudrlcyr1bG4vwETLmHF+3yfVp9dpvJ+lyfiviwDwyfa8t2WlJm27DuF4vWoxir
mjgj9tDutIFqxLIovLyg3uiAYtSQ/Q==
-----END CERTIFICATE-----`;

function rsaKeys(): { readonly publicKey: string; readonly privateKey: string } {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

const [ours, theirs] = [rsaKeys(), rsaKeys()];
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

test("an encrypted body equals the official page's byte for byte", () => {
  const bound = `${target}|${appId}|1635927954|${encryptionKey.id}`;
  expect(seal(envelopeKey, plain, bound, Buffer.from("fmW/zNxXlytUZBgj", "base64"))).toBe(
    sealedRequest,
  );
  expect(open(envelopeKey, sealedRequest, bound)).toMatchObject({
    openid: "oEWzBfmdLqhFS2mTXCo2E4Y9gJAM",
  });
  expect(open(envelopeKey, sealedRequest, bound.replace("954", "955"))).toBeUndefined();
});

interface World {
  readonly sent: { url: string; body: string; headers: Headers }[];
  readonly options: SignedFetchOptions;
}

/** A signed client whose platform answers this. */
function world(
  answer: (url: string, body: string) => Response,
  more: Partial<SignedFetchOptions> = {},
  nowMs = 1_635_927_956_000,
): World {
  const sent: World["sent"] = [];
  const clock = manualClock({ wallMs: nowMs });
  const options: SignedFetchOptions = {
    ...{
      appId,
      encryptionKey,
      clock,
      privateKey: ours.privateKey,
      certificates: { [certificateId]: certificate },
      paths: [path],
    },
    async fetch(input, init) {
      const request = new Request(input, init);
      const body = await request.text();
      sent.push({ url: request.url, body, headers: request.headers });
      return answer(request.url, body);
    },
    ...more,
  };
  return { sent, options };
}

const officialAnswer = (
  changed: Readonly<Record<string, string>> = {},
  body = sealedAnswer,
): Response =>
  new Response(body, {
    headers: {
      "Wechatmp-Appid": appId,
      "Wechatmp-TimeStamp": "1635927956",
      "Wechatmp-Serial": certificateId,
      "Wechatmp-Signature": answerSignature,
      ...changed,
    },
  });
const call = ({ options }: World): Promise<Record<string, unknown>> =>
  createApi(fakeCredential(), { fetch: signedFetch(options) }).request(path, {
    query: { scene: 0 },
    json: { openid: "o1" },
  });

describe("a signed call", () => {
  test("carries its token in the URL, everything else encrypted, and a signature over what was sent", async () => {
    const at = world(() => officialAnswer());
    await call(at);
    const [{ url, body, headers } = { url: "", body: "", headers: new Headers() }] = at.sent;
    expect([...new URL(url).searchParams.keys()]).toEqual(["access_token"]);
    const timestamp = headers.get("Wechatmp-TimeStamp");
    expect([headers.get("Wechatmp-Appid"), timestamp]).toEqual([appId, "1635927956"]);
    expect(
      open(envelopeKey, body, `${target}|${appId}|${timestamp}|${encryptionKey.id}`),
    ).toMatchObject({
      ...{ openid: "o1", scene: "0", _appid: appId, _timestamp: 1_635_927_956 },
      _n: expect.stringMatching(/^[\w-]{22}$/),
    });
    const signature = Buffer.from(headers.get("Wechatmp-Signature") ?? "", "base64");
    const payload = Buffer.from(`${target}\n${appId}\n${timestamp}\n${body}`);
    expect(verify("sha256", payload, { key: ours.publicKey, ...pss }, signature)).toBe(true);
  });

  test("returns the content of the official answer", async () => {
    await expect(call(world(() => officialAnswer()))).resolves.toEqual({
      ...{ errcode: 0, errmsg: "getuserriskrank succ", risk_rank: 0, unoin_id: 2_258_658_297 },
    });
  });

  test("accepts the signature of the certificate that it has while the platform changes it", async () => {
    const changing = {
      "Wechatmp-Serial": "the-next",
      "Wechatmp-Signature": "AAAA",
      "Wechatmp-Serial-Deprecated": certificateId,
    };
    await expect(
      call(
        world(() =>
          officialAnswer({ ...changing, "Wechatmp-Signature-Deprecated": answerSignature }),
        ),
      ),
    ).resolves.toMatchObject({ errcode: 0 });
  });

  test("replaces a dead token as any other call does, and encrypts the call again", async () => {
    const refusal = { errcode: 40001, errmsg: "invalid credential" };
    const at: World = world(() =>
      at.sent.length === 1 ? Response.json(refusal) : officialAnswer(),
    );
    await expect(call(at)).resolves.toMatchObject({ errcode: 0 });
    expect(new Set(at.sent.map(({ body }) => body)).size).toBe(2);
    expect(new Set(at.sent.map(({ url }) => url)).size).toBe(2);
  });

  test("is sent again too if the refusal is not strict JSON, as with control characters in nicknames", async () => {
    const refusal = '{"errcode":40001,"errmsg":"invalid \u0007 credential"}';
    const at: World = world(() =>
      at.sent.length === 1 ? new Response(refusal) : officialAnswer(),
    );
    await expect(call(at)).resolves.toMatchObject({ errcode: 0 });
  });

  test("keeps the platform's time, so that a caller learns when to retry", async () => {
    const { options } = world(() => officialAnswer({ date: "Wed, 03 Nov 2021 08:25:56 GMT" }));
    const answer = await signedFetch(options)(`${target}?access_token=t`, {
      method: "POST",
      body: "{}",
    });
    expect(answer.headers.get("date")).toBe("Wed, 03 Nov 2021 08:25:56 GMT");
  });

  test.each<[string, () => Response]>([
    ["is not signed", () => Response.json({ errcode: 0 })],
    ["is not signed", () => Response.json({ errcode: 0 }, { status: 201 })],
    ["is signed by somebody else", () => officialAnswer({}, sealedAnswer.replace("HExs", "HExt"))],
    ["is for another account", () => officialAnswer({ "Wechatmp-Appid": "wx0123456789abcdef" })],
    ["is from another time", () => officialAnswer({ "Wechatmp-TimeStamp": "1635920000" })],
    [
      "is signed with a certificate that is not given (the-next)",
      () => officialAnswer({ "Wechatmp-Serial": "the-next" }),
    ],
  ])("refuses an answer that %s", async (why, answer) => {
    await expect(call(world(answer))).rejects.toThrow(why);
  });

  test("refuses an answer that is signed correctly and cannot be decrypted", async () => {
    const body = seal({ id: "x", key: Buffer.alloc(32) }, "{}", "other");
    const signature = sign("sha256", Buffer.from(`${target}\n${appId}\n1635927956\n${body}`), {
      key: theirs.privateKey,
      ...pss,
    }).toString("base64");
    const answer = officialAnswer({ "Wechatmp-Signature": signature }, body);
    await expect(
      call(world(() => answer, { certificates: { [certificateId]: theirs.publicKey } })),
    ).rejects.toThrow("cannot be decrypted");
  });
});

test("calls to other paths are sent unchanged, and so are their answers", async () => {
  const at = world(() => Response.json({ errcode: 0, list: [] }));
  const api = createApi(fakeCredential(), { fetch: signedFetch(at.options) });
  await expect(api.request("/cgi-bin/user/get", { query: { next_openid: "" } })).resolves.toEqual({
    errcode: 0,
    list: [],
  });
  expect(at.sent[0]?.headers.has("Wechatmp-Signature")).toBe(false);
});

test.each([
  [undefined, "The paths are those that the account has signed"],
  [[], "The paths are those that the account has signed"],
  ["/wxa/getuserriskrank", "paths must be a list of texts, not a text"],
  [["wxa/getuserriskrank"], "The paths are those that the account has signed"],
])("the option paths %j, which would sign nothing, is refused", (paths, refusal) => {
  const { options } = world(() => officialAnswer());
  expect(() => signedFetch({ ...options, paths: paths as string[] })).toThrow(refusal);
});

test("content that cannot be encrypted, and unreadable keys, are refused with a sentence that shows no key", async () => {
  const at = world(() => officialAnswer());
  const api = createApi(fakeCredential(), { fetch: signedFetch(at.options) });
  await expect(api.request(path, { body: new Blob(["x"]) })).rejects.toThrow(
    "has to be a JSON object",
  );
  expect(at.sent).toEqual([]);
  expect(() => signedFetch({ ...at.options, encryptionKey: { id: "x", key: "c2hvcnQ=" } })).toThrow(
    "has not 32 bytes",
  );
  expect(() => signedFetch({ ...at.options, privateKey: "garbage-key" })).toThrow(
    /^privateKey cannot be read\. Give the PEM text/,
  );
  expect(() => signedFetch({ ...at.options, certificates: { a: "garbage" } })).toThrow(
    'certificates["a"] cannot be read',
  );
});
