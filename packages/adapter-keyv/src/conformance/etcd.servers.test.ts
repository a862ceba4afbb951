import { conform } from "@lingpai/conformance/vitest";
import { etcdServers } from "./servers.fixture.ts";

for (const backend of etcdServers) conform(backend);
