import { ConfigError } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";
import { exitCodes } from "../exit-codes.ts";
import { paint } from "./paint.ts";

/** A command that cannot do what it was asked: what is wrong, what to do next, how to exit. */
export class Failure extends WeftkitError {
  readonly exit: keyof typeof exitCodes;
  readonly hint: string | undefined;

  constructor(exit: keyof typeof exitCodes, message: string, hint?: string) {
    super(exit, message);
    this.name = "Failure";
    this.exit = exit;
    this.hint = hint;
  }
}

/** What every error begins with. */
export function errorLabel(): string {
  return paint(process.stderr, "red", "Error:");
}

/** Tells the user about an error on standard error; returns the exit code. Unexpected errors show their stack. */
export function report(error: unknown): number {
  const { text, hint, exit } = describe(error);
  process.stderr.write(`${errorLabel()} ${text}\n`);
  if (hint !== undefined) process.stderr.write(`${paint(process.stderr, "cyan", "Hint:")} ${hint}\n`);
  return exitCodes[exit].code;
}

function describe(error: unknown): {
  text: string;
  hint: string | undefined;
  exit: keyof typeof exitCodes;
} {
  if (error instanceof Failure) return { text: error.message, hint: error.hint, exit: error.exit };
  if (error instanceof ConfigError) {
    return { text: error.message, hint: "docs/configuration.md lists every key.", exit: "configuration" };
  }
  const system = error as NodeJS.ErrnoException;
  if (system.syscall !== undefined) {
    const path = system.path === undefined ? "" : ` ${system.path}`;
    return { text: `${system.syscall}${path}: ${system.code}`, hint: undefined, exit: "failed" };
  }
  return {
    text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: undefined,
    exit: "failed",
  };
}
