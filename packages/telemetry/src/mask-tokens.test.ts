import type { Attributes } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { maskTokens } from "./mask-tokens.ts";

function masked(attributes: Attributes): Attributes {
  maskTokens().onEnd({ attributes });
  return attributes;
}

test("the values of secret parameters are masked in a URL, a path and a bare query", () => {
  expect(
    masked({
      "url.full": "https://api.weixin.qq.com/cgi-bin/user/info?access_token=97_abc-D&openid=o1#x",
      "http.target":
        "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=0123456789abcdef",
      "url.query": "access_token=97_abc&openid=o1",
    }),
  ).toEqual({
    "url.full": "https://api.weixin.qq.com/cgi-bin/user/info?access_token=REDACTED&openid=o1#x",
    "http.target": "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=REDACTED",
    "url.query": "access_token=REDACTED&openid=o1",
  });
});

test("each text of a list is masked, and all other values stay unchanged", () => {
  const list = ["/a?component_access_token=x", "/b?openid=o1", null];
  expect(masked({ list, count: 3, ok: true, text: "errcode=40001&my_access_token=1" })).toEqual({
    list: ["/a?component_access_token=REDACTED", "/b?openid=o1", null],
    count: 3,
    ok: true,
    text: "errcode=40001&my_access_token=1",
  });
});
