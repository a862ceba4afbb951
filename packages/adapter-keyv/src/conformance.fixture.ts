import type { Backend } from "@lingpai/conformance";
import { embedded } from "./embedded.fixture.ts";
import { redisServers } from "./redis.fixture.ts";
import { servers } from "./servers.fixture.ts";

export const backends: readonly Backend[] = [...embedded, ...redisServers, ...servers];
