import { conform } from "@lingpai/conformance/vitest";
import { servers } from "./servers.fixture.ts";

for (const backend of servers) conform(backend);
