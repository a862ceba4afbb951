/** No clause takes a slow machine for a broken adapter. */
import { seededRandom } from "@lingpai/core/testing";
import { conform } from "../vitest.ts";
import { slowBackend } from "./slow-machine.ts";

conform(slowBackend(seededRandom(1)));
