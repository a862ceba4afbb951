/**
 * A mended fault, as data: the sentence that states the right behaviour, the edits of today's code
 * that bring the fault back, and the test that must then fail.
 */
export interface Regression {
  /** The right behaviour, as the report or the contract states it. */
  readonly right: string;
  readonly edits: readonly Edit[];
  /** The test file, from the workspace's root. */
  readonly test: string;
  /** A part of the test's title, if the file's other tests need not run. */
  readonly title?: string;
}

/** One place of one file. White space counts as one blank, so that formatting does not matter. */
export interface Edit {
  /** From the workspace's root. */
  readonly file: string;
  /** It occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/** Returns the file's text with the edits. Throws if an edit does not fit exactly one place. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { file, from, to } of edits) {
    const places = [...result.matchAll(patternOf(from))];
    if (places.length !== 1)
      throw new Error(
        `${file}: an edit must fit one place and fits ${places.length}. ` +
          `The code has changed: write the edit for today's. It looks for:\n${from}`,
      );
    result = result.replace(patternOf(from), () => to);
  }
  return result;
}

function patternOf(from: string): RegExp {
  const words = from.trim().split(/\s+/);
  return new RegExp(words.map(literally).join("\\s+"), "g");
}

/** The pattern that matches exactly this text. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
