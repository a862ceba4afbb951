import { expect, test } from "vitest";
import { hashOf, routeOf, sections } from "./route.ts";

test("every section and every name can be encoded in the address and read back", () => {
  for (const section of sections) expect(routeOf(hashOf({ section }))).toEqual({ section });
  for (const ref of ["wechat:stable:wx1", "令牌/a b#c?d&e", "%2F", "../../x"])
    expect(routeOf(hashOf({ section: "credentials", ref }))).toEqual({
      section: "credentials",
      ref,
    });
});

test("an invalid address leads to the credentials", () => {
  for (const hash of ["", "#", "#/nope", "#/c/", "#/c/%E0%A4%A", "#x"])
    expect(routeOf(hash)).toEqual({ section: "credentials" });
});
