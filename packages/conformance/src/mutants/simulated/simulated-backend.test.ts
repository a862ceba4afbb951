import { conform } from "../../vitest.ts";
import { simulatedBackend, standaloneFacts } from "./simulated-backend.ts";

conform(simulatedBackend({}, "a cluster"));
conform(
  simulatedBackend(
    { facts: standaloneFacts },
    "one server that loses all at a restart, without push",
  ),
);
conform(
  simulatedBackend(
    { facts: { ...standaloneFacts, fencing: false } },
    "one server, with locks that have no fences",
  ),
);
conform(
  simulatedBackend({ facts: { ...standaloneFacts, locks: false } }, "one server, without locks"),
);
