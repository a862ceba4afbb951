import { conform } from "@lingpai/conformance/vitest";
import { onFiles } from "./embedded.fixture.ts";
import { servers } from "./servers.fixture.ts";

for (const backend of [...onFiles, ...servers]) conform(backend);
