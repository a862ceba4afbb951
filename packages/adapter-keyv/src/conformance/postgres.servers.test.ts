import { conform } from "@lingpai/conformance/vitest";
import { postgresServers } from "./servers.fixture.ts";

for (const backend of postgresServers) conform(backend);
