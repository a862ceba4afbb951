import { conform } from "./vitest.ts";
import { simulatedBackend } from "./mutants/simulated-backend.ts";
conform(simulatedBackend());
