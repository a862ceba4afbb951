import { conform } from "@lingpai/conformance/vitest";
import { inProcessBackends } from "./embedded.fixture.ts";

for (const backend of inProcessBackends) conform(backend);
