import type { Command } from "commander";

/** From where to where, and how to get in. */
export interface TransferOptions {
  readonly from: string;
  readonly to: string;
  readonly fromPasswordFile?: string;
  readonly toPasswordFile?: string;
  readonly caFile?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** As they are written: the engine's place may be left out. */
export type WrittenOptions = Partial<Pick<TransferOptions, "from" | "to">> &
  Omit<TransferOptions, "from" | "to">;

/** Which way it goes, in words. */
export interface Direction {
  /** "importing" */
  readonly what: string;
  /** "Imported" */
  readonly done: string;
  /** The option that names the engine, which is a server always. */
  readonly engine: "from" | "to";
}

/** Adds what both directions have. */
export function withTransferOptions(command: Command): Command {
  return command
    .option("--from-password-file <file>", "the file of the password of --from")
    .option("--to-password-file <file>", "the file of the password of --to")
    .option("--ca-file <file>", "the certificates that a server with TLS is checked with")
    .option(
      "--replace",
      "redis: go on where something is; keys of the same name are replaced, and so is a file",
    )
    .option("--json", "print JSON");
}
