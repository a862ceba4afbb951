import { conform } from "@lingpai/conformance/vitest";
import { memcachedServers } from "./servers.fixture.ts";

for (const backend of memcachedServers) conform(backend);
