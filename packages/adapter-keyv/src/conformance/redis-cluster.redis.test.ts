import { conform } from "@lingpai/conformance/vitest";
import { redisServers } from "./redis.fixture.ts";

for (const backend of redisServers.filter(({ facts }) => facts.cluster)) conform(backend);
