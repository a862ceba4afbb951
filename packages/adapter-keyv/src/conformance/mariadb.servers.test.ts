import { conform } from "@lingpai/conformance/vitest";
import { mariadbServers } from "./servers.fixture.ts";

for (const backend of mariadbServers) conform(backend);
