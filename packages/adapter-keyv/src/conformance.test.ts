import { conform } from "@lingpai/conformance/vitest";
import { embedded } from "./embedded.fixture.ts";

for (const backend of embedded) conform(backend);
