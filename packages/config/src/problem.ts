/**
 * The problems of a configuration. All are reported at once, each with its place and its remedy.
 */
import { ConfigurationError } from "@lingpai/core";

export interface Problem {
  /** The setting: `apps.main.mode`. Empty if the problem concerns no single setting. */
  readonly path: string;
  /** The file and line, variable or key of the setting; undefined if it is missing. */
  readonly place: string | undefined;
  /**
   * A predicate and the remedy: `is missing. Set LINGPAI_APPS_MAIN_SECRET.` It shows at most four
   * characters of a value, and none of a secret.
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
