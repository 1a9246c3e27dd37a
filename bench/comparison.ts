import { cpus, loadavg } from "node:os";
import { median } from "./median.ts";

/** What is to be reached; how many times a peer's figure, or a figure of our own. */
export type Goal = { readonly ratio: number } | { readonly atLeast: number } | { readonly atMost: number };

export interface Figure {
  readonly name: string;
  /** Of `MB` and `KB` the ratio says how many times as much is needed. */
  readonly unit: string;
  /** Whether more is better. */
  readonly isRate: boolean;
  readonly goal?: Goal;
}

/** A table of figures of weftkit and of a peer that was measured in the same run. */
export class Comparison {
  readonly #peer: string;
  readonly #rounds: number;
  readonly #isJson: boolean;

  constructor(peer: string, { rounds, isJson }: { readonly rounds: number; readonly isJson: boolean }) {
    this.#peer = peer;
    this.#rounds = rounds;
    this.#isJson = isJson;
  }

  heading(): void {
    const machine = `${cpus().length} processors, load ${loadavg()[0]!.toFixed(1)}, median of ${this.#rounds} rounds`;
    if (this.#isJson) console.log(JSON.stringify({ machine }));
    else
      console.log(
        `${machine}\n\n${"".padEnd(46)}${this.#peer.padStart(12)}     weftkit           ratio  goal`,
      );
  }

  /** Measures the same on each in turn, several times: first the peer, if it has what is measured, then weftkit. */
  async compare<T>(
    figure: Figure,
    contenders: readonly T[],
    measure: (one: T) => Promise<number>,
  ): Promise<void> {
    const measured = contenders.map((): number[] => []);
    for (let round = 0; round < this.#rounds; round++)
      for (const [i, contender] of contenders.entries()) measured[i]!.push(await measure(contender));
    this.show(figure, measured.map(median));
  }

  /** @param values of the peer and of weftkit, or of weftkit alone */
  show({ name, unit, isRate, goal }: Figure, values: readonly number[]): void {
    const weftkit = values.at(-1)!;
    const peer = values.length > 1 ? values[0]! : undefined;
    const isMore = isRate || unit === "MB" || unit === "KB";
    const ratio = peer === undefined ? undefined : isMore ? weftkit / peer : peer / weftkit;
    if (this.#isJson) {
      console.log(JSON.stringify({ name, unit, [this.#peer]: peer, weftkit, ratio, ...(goal && { goal }) }));
      return;
    }
    const digits = Math.max(...values) < 100 ? 1 : 0;
    const numbers = [peer, weftkit].map((n) => (n?.toFixed(digits) ?? "-").padStart(12)).join("");
    const shownRatio = (ratio?.toFixed(2) ?? "-").padStart(7);
    console.log(`${name.padEnd(46)}${numbers} ${unit.padEnd(7)} ${shownRatio}  ${goalText(goal)}`);
  }
}

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return "-";
  if ("ratio" in goal) return `ratio ${goal.ratio.toFixed(2)}`;
  return "atLeast" in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
}
