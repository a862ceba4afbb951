import { conform } from "@lingpai/conformance/vitest";
import { onFiles } from "./embedded.fixture.ts";

for (const backend of onFiles) conform(backend);
