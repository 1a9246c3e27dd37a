import { join } from "node:path";
import { Program } from "@weftkit/testing/program";

/** A program beside this file that is to be killed, and what it has said until then, a line each. */
export class KilledProgram extends Program {
  /** `w N`: the writes that were acknowledged, in that order. */
  readonly written: number[] = [];
  /** `p N`: the last write that was part of a confirmed push. */
  pushed = 0;
  /** `fenced ...`: the engine has lost its state to another. */
  fenced: string | undefined;

  private constructor(script: string, args: readonly string[]) {
    super(join(import.meta.dirname, script), { args });
    this.onLine((line) => {
      const [what, value] = line.split(" ");
      if (what === "w") this.written.push(Number(value));
      if (what === "p") this.pushed = Number(value);
      if (what === "fenced") this.fenced = line;
    });
  }

  /** Starts it and waits until it says `ready`. */
  static async start(script: string, ...args: string[]): Promise<KilledProgram> {
    const program = new KilledProgram(script, args);
    await program.said("ready", (line) => line.startsWith("ready") || undefined);
    return program;
  }
}
