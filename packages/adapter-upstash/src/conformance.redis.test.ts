import { conform } from "@lingpai/conformance/vitest";
import { backends } from "./conformance.fixture.ts";

for (const backend of backends) conform(backend);
