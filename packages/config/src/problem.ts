/** What is wrong with a configuration: everything at once, each with its place and its remedy. */
import { ConfigurationError } from "@lingpai/core";

export interface Problem {
  /** The setting: `apps.main.mode`. Empty where the problem is not one setting's. */
  readonly path: string;
  /** The file and line, variable or key that it came from; undefined when it is nowhere. */
  readonly place: string | undefined;
  /**
   * A predicate and the remedy: `is missing. Set LINGPAI_APPS_MAIN_SECRET.` Shows at most four
   * characters of a value, of a secret none.
   */
  readonly text: string;
}

/** The configuration was read and cannot be used. Its text lists every problem. */
export class InvalidConfigError extends ConfigurationError {
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[]) {
    const list = problems.map((problem) => `\n  ${problemText(problem)}`).join("");
    super(
      `${what} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:${list}`,
      { rule: "config" },
    );
    this.problems = problems;
  }
}

/** `lingpai.yaml:12: apps.main.mode is "stab…". Give "stable" or "plain".` */
export function problemText({ path, place, text }: Problem): string {
  return [place === undefined ? "" : `${place}: `, path === "" ? "" : `${path} `, text].join("");
}
