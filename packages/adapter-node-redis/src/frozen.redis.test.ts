import { describeFrozenPrimary } from "@lingpai/test-redis";
import { drivers } from "./conformance.fixture.ts";

describeFrozenPrimary(drivers);
