import { WeftkitError } from "@weftkit/core";
import { isKeyId } from "../contract/names.ts";
import type { SigningKey } from "../contract/signing.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What every function may be told, on whatever platform. */
export interface FunctionSettings {
  readonly logLevel: LogLevel;
  /** How long a lease holds without being renewed, in milliseconds. */
  readonly leaseMs: number;
  readonly keyIds: KeyIds;
}

export type LogLevel = (typeof logLevels)[number];

/** The names of the key and of the one before it. */
export interface KeyIds {
  readonly current: string;
  readonly previous: string;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
/** Shorter ones run out by a pause of the network; longer ones keep the place of an engine that died for long. */
const leaseSeconds = { min: 2, max: 600 } as const;
/** So short a secret can be guessed. */
const secretLengthMin = 16;

/** All that is wrong with the configuration, one a line. */
export class ConfigMistakes extends WeftkitError {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      "config_invalid",
      `the configuration has mistakes:\n${mistakes.map((line) => `  ${line}`).join("\n")}`,
    );
    this.name = "ConfigMistakes";
    this.mistakes = mistakes;
  }
}

/**
 * Reads `WKP_LOG_LEVEL`, `WKP_LEASE_SECONDS`, `WKP_KEY_ID` and `WKP_KEY_ID_PREVIOUS`. What is wrong is added to `mistakes`.
 */
export function readSettings(env: Environment, mistakes: string[]): FunctionSettings {
  return {
    logLevel: readLogLevel(env, mistakes),
    leaseMs: readLeaseMs(env, mistakes),
    keyIds: readKeyIds(env, mistakes),
  };
}

/** The keys that those who sign may have; what is wrong with them is added to `mistakes`, by the names of what held them. */
export function readKeys(
  ids: KeyIds,
  secrets: { readonly current: string | undefined; readonly previous: string | undefined },
  names: { readonly current: string; readonly previous: string },
  mistakes: string[],
): readonly SigningKey[] {
  return (["current", "previous"] as const).flatMap((which) => {
    const secret = secrets[which];
    if (secret === undefined) return [];
    if (secret.length < secretLengthMin) {
      mistakes.push(
        `${names[which]}: is shorter than ${secretLengthMin} characters; use \`openssl rand -hex 32\``,
      );
    }
    return [{ id: ids[which], secret }];
  });
}

function readLogLevel(env: Environment, mistakes: string[]): LogLevel {
  const text = env.WKP_LOG_LEVEL || "info";
  const level = logLevels.find((name) => name === text);
  if (level === undefined) mistakes.push(`WKP_LOG_LEVEL: "${text}" is none of ${logLevels.join(", ")}`);
  return level ?? "info";
}

function readLeaseMs(env: Environment, mistakes: string[]): number {
  const text = env.WKP_LEASE_SECONDS || "60";
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= leaseSeconds.min && seconds <= leaseSeconds.max)) {
    mistakes.push(
      `WKP_LEASE_SECONDS: "${text}" is no number from ${leaseSeconds.min} to ${leaseSeconds.max}`,
    );
  }
  return seconds * 1000;
}

function readKeyIds(env: Environment, mistakes: string[]): KeyIds {
  const current = env.WKP_KEY_ID || "default";
  const previous = env.WKP_KEY_ID_PREVIOUS || current;
  for (const [name, value] of Object.entries({ WKP_KEY_ID: current, WKP_KEY_ID_PREVIOUS: previous })) {
    if (isKeyId(value)) continue;
    mistakes.push(`${name}: at most 63 letters, digits, ".", "_" and "-", the first a letter or digit`);
  }
  return { current, previous };
}
