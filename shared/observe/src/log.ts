import { hostname } from "node:os";
import { type DestinationStream, destination, type Logger as PinoLogger, pino, stdTimeFunctions } from "pino";
import { prettyLines } from "./pretty.ts";

/** A structured logger (pino's): `log.info({ key: value }, "message")`, `log.child({ component })`. */
export type Logger = PinoLogger;

/** What a logger is made of. */
export interface LogOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** The image's name; in every line. */
  readonly image: string;
  /** This node's name; in every line. */
  readonly node?: string;
  /** Where lines go. Default: standard output, for people to read when it is a terminal, else JSON. */
  readonly stream?: DestinationStream;
}

/** Names of fields that are never written, at the top of a line or one level down. */
const secretFields = ["password", "secret", "token", "authorization", "jwt", "encryption_key", "admin_token"];

/**
 * Makes the process's logger. Lines are written synchronously: there are few of them, and the last one before an
 * exit is the one that matters.
 */
export function createLogger(options: LogOptions): Logger {
  const stdout = () =>
    process.stdout.isTTY ? prettyLines(process.stdout) : destination({ fd: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: { image: options.image, node: options.node ?? hostname() },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: "***" },
    },
    options.stream ?? stdout(),
  );
}
