/** Records which changes have arrived in this process, and when. */
import { systemClock } from "@lingpai/core";

export class Arrivals {
  readonly #waiting = new Set<() => void>();
  #number = -1;
  #wallMs = 0;

  note(number: number): void {
    if (number <= this.#number) return;
    this.#number = number;
    this.#wallMs = systemClock.wallMs();
    for (const wake of [...this.#waiting]) wake();
  }

  /** When this change arrived, or a later one if that came first. */
  async of(number: number): Promise<number> {
    while (this.#number < number) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    return this.#wallMs;
  }
}
