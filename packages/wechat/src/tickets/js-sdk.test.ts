import { expect, test } from "vitest";
import { jsSdkSignature } from "./js-sdk.ts";

/** The example of the platform's documentation. */
const example = {
  ticket: "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
  nonceStr: "Wm3WZYTPz0wzccnW",
  timestamp: 1414587457,
  url: "http://mp.weixin.qq.com?params=value",
};

test("the documentation's example has the documentation's signature", () => {
  expect(jsSdkSignature(example)).toBe("0f9de62fce790f9a083d5c99e95740ceb90c27ed");
});

test("a fragment is not signed, and the rest of the address is unchanged", () => {
  expect(jsSdkSignature({ ...example, url: `${example.url}#wechat_redirect#more` })).toBe(
    jsSdkSignature(example),
  );
  expect(jsSdkSignature({ ...example, url: "http://mp.weixin.qq.com/?params=value" })).not.toBe(
    jsSdkSignature(example),
  );
});
