import { describeFrozenPrimary } from "@lingpai/redis-fixture";
import { drivers } from "./conformance.fixture.ts";

describeFrozenPrimary(drivers);
