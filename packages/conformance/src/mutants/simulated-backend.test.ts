import { conform } from "../vitest.ts";
import { simulatedBackend } from "./simulated-backend.ts";
conform(simulatedBackend());
