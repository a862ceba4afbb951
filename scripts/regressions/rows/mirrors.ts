import type { Regression } from "../regression.ts";

const mirror = "packages/interop/src/mirror";

/** Services in other languages that use the fleet's token. */
export const mirrors: readonly Regression[] = [
  {
    right: "A fleet that only mirrors notices a dead token within probeMs.",
    edits: [
      {
        file: `${mirror}/mirror-checks.ts`,
        from: "if (probeMs > 0) this.#every(probeMs * 0.9, () => this.#probe());",
        to: "",
      },
    ],
    test: `${mirror}/mirror-checks.test.ts`,
    title: "notices within probeMs that the token was killed",
  },
  {
    right: "A service in any language reports a refused token through a documented key.",
    edits: [
      {
        file: `${mirror}/mirror-checks.ts`,
        from: "if (reportMs > 0) this.#every(reportMs, () => this.#readReport());",
        to: "",
      },
    ],
    test: `${mirror}/mirror-checks.test.ts`,
    title: "causes a replacement within a second",
  },
];
