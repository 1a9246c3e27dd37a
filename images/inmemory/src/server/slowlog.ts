/** One slow command. */
export interface SlowCommand {
  readonly id: number;
  readonly unixSeconds: number;
  readonly microseconds: number;
  readonly arguments: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;

/** The latest commands that took longer than a threshold, newest first, bounded in number and size. */
export class Slowlog {
  entries: SlowCommand[] = [];
  #nextId = 0;

  add(command: Omit<SlowCommand, "id" | "arguments">, values: readonly Buffer[], lengthMax: number): void {
    const shown = values
      .slice(0, values.length > ARGUMENTS_MAX ? ARGUMENTS_MAX - 1 : ARGUMENTS_MAX)
      .map(shorten);
    if (values.length > ARGUMENTS_MAX)
      shown.push(`... (${values.length - ARGUMENTS_MAX + 1} more arguments)`);
    this.entries.unshift({ ...command, id: this.#nextId++, arguments: shown });
    this.trim(lengthMax);
  }

  trim(lengthMax: number): void {
    if (this.entries.length > lengthMax) this.entries.length = lengthMax;
  }
}

function shorten(value: Buffer): string {
  if (value.length <= ARGUMENT_BYTES_MAX) return value.toString("latin1");
  return `${value.toString("latin1", 0, ARGUMENT_BYTES_MAX)}... (${value.length - ARGUMENT_BYTES_MAX} more bytes)`;
}
