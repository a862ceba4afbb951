import { describeWrongPassword } from "@lingpai/test-redis";
import { drivers } from "./conformance.fixture.ts";

describeWrongPassword(drivers);
