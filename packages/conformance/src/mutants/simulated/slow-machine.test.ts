/** Proves that no clause mistakes a slow machine for a broken adapter. */
import { seededRandom } from "@lingpai/core/testing";
import { conform } from "../../vitest.ts";
import { pausingBackend, slowBackend } from "./slow-machine.ts";

conform(slowBackend(seededRandom(1)));
conform(pausingBackend(seededRandom(21)));
