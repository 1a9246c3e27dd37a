import { nearestName, WeftkitError } from "@weftkit/core";

/** One thing that is wrong with the configuration. */
export interface Mistake {
  /** Where it was written: "weftkit.toml:12", "WEFTKIT_INMEMORY_PORT", or a key's name when nobody wrote it. */
  readonly where: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** The configuration cannot be used; `mistakes` holds all that was found, the message lists them. */
export class ConfigError extends WeftkitError {
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map(({ where, message }) => `  ${where}: ${message}`);
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    super("config_invalid", `the configuration has ${count}:\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.mistakes = mistakes;
  }
}

/** "; did you mean X?" when a known name is near, else nothing. */
export function didYouMean(written: string, names: Iterable<string>): string {
  const name = nearestName(written, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
}
