import { type Command, InvalidArgumentError, Option } from "commander";

/** Which endpoint, and the key to it. */
export interface EndpointOptions {
  readonly url?: string;
  readonly secretFile?: string;
  readonly keyId?: string;
  readonly config?: string;
  readonly json?: true;
}

/** Which subtree of it. */
export interface SubtreeOptions extends EndpointOptions {
  readonly namespace?: string;
  readonly engine?: string;
  readonly replica?: string;
  readonly subtree?: string;
  readonly encryptionKeyFile?: readonly string[];
}

/** Adds the options that every subcommand has; `url: false` where it is an argument. */
export function withEndpointOptions(command: Command, { url = true } = {}): Command {
  if (url) {
    command.option("--url <url>", "the endpoint (default: WEFTKIT_PERSIST_URL, else url in weftkit.toml)");
  }
  return command
    .option(
      "--secret-file <file>",
      "the file of the signing secret (default: WEFTKIT_PERSIST_SECRET or WEFTKIT_PERSIST_SECRET_FILE)",
    )
    .option("--key-id <id>", 'the name of the signing key (default: WEFTKIT_PERSIST_KEY_ID, else "default")')
    .option("--config <file>", "the weftkit.toml to read (default: WEFTKIT_CONFIG, else ./weftkit.toml)")
    .option("--json", "print JSON");
}

/** Adds the options of the subcommands that look at one subtree. */
export function withSubtreeOptions(command: Command): Command {
  return withEndpointOptions(command)
    .option("--engine <name>", "whose state: the middle of namespace/engine/replica")
    .option("--namespace <name>", 'the first part (default: WEFTKIT_PERSIST_NAMESPACE, else "default")')
    .option("--replica <name>", 'the last part (default: WEFTKIT_PERSIST_REPLICA, else "0")')
    .addOption(
      new Option("--subtree <path>", "all three at once, as default/inmemory/0").conflicts([
        "engine",
        "namespace",
        "replica",
      ]),
    )
    .option(
      "--encryption-key-file <file>",
      "the file of the encryption key; again for each earlier one (default: WEFTKIT_PERSIST_ENCRYPTION_KEY or WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE)",
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    );
}

/** `--at`: which state is meant. */
export function atOption(description: string): Option {
  return new Option("--at <point>", description).argParser(readPoint);
}

/** A sequence number, a date, or an ISO 8601 time with its zone. */
function readPoint(text: string): string {
  const isTime = /^\d{4}-\d\d-\d\d(T.+(Z|[+-]\d\d:?\d\d))?$/i.test(text) && !Number.isNaN(Date.parse(text));
  if (/^\d{1,15}$/.test(text) || isTime) return text;
  throw new InvalidArgumentError("It is a push's number, or a time with its zone as 2026-02-02T03:04:05Z.");
}
