import { describeRedisAdapter, describeTracing } from "@lingpai/test-redis";
import { drivers } from "./conformance.fixture.ts";

for (const driver of drivers) {
  describeRedisAdapter(driver, new URL("../README.md", import.meta.url));
  describeTracing(driver, "node-redis");
}
