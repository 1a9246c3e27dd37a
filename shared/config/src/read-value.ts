import { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from "@weftkit/core";
import type { Key, KeyKind } from "./key.ts";
import { didYouMean } from "./mistake.ts";

/** A value in the key's own type, or what is wrong with it (never with a secret's value in it). */
export type Reading = { readonly value: unknown } | { readonly problem: string };

/** Reads a value as it stands in TOML. */
export function readValue(key: Key<unknown>, raw: unknown): Reading {
  return readers[key.kind](key, raw);
}

/** Reads a value that is written as text, in a variable or a file: "6379", "true", "a, b". */
export function readText(key: Key<unknown>, raw: string): Reading {
  const written = raw.trim();
  switch (key.kind) {
    case "integer":
      return readValue(key, /^[+-]?\d+$/.test(written) ? Number(written) : raw);
    case "flag":
      return readValue(key, flagWords[written.toLowerCase()] ?? raw);
    case "list":
      return readValue(
        key,
        written
          .split(",")
          .map((item) => item.trim())
          .filter((item) => item !== ""),
      );
    case "choice":
    case "duration":
      return readValue(key, written);
    default:
      return readValue(key, raw);
  }
}

const flagWords: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

const readers: Readonly<Record<KeyKind, (key: Key<unknown>, raw: unknown) => Reading>> = {
  text: ({ form }, raw) => {
    if (typeof raw !== "string") return wrongType("a string", raw);
    const isRight = form === undefined || new RegExp(`^(?:${form.pattern})$`).test(raw);
    return isRight ? { value: raw } : wrongType(form.text, raw);
  },
  secret: (_, raw) => {
    if (typeof raw !== "string") return { problem: "must be a string" };
    return raw === "" ? { problem: "is empty" } : { value: raw };
  },
  flag: (_, raw) => (typeof raw === "boolean" ? { value: raw } : wrongType("true or false", raw)),
  integer: (key, raw) =>
    typeof raw === "number" && Number.isSafeInteger(raw)
      ? withinBounds(key, raw, String)
      : wrongType("a whole number", raw),
  bytes: (key, raw) => {
    const size = typeof raw === "string" ? parseBytes(raw) : raw;
    if (typeof size !== "number" || !Number.isSafeInteger(size)) {
      return wrongType('a number of bytes, or a size such as "32MB"', raw);
    }
    return withinBounds(key, size, formatBytes);
  },
  duration: (key, raw) => {
    const durationMs = typeof raw === "string" ? parseDurationMs(raw) : undefined;
    if (durationMs === undefined) return wrongType('a duration such as "30s" or "15m"', raw);
    return withinBounds(key, durationMs, formatDurationMs);
  },
  choice: (key, raw) => {
    const choices = key.choices ?? [];
    if (typeof raw !== "string") return wrongType(`one of ${choices.join(", ")}`, raw);
    const value = key.synonyms?.[raw] ?? raw;
    if (choices.includes(value)) return { value };
    const words = [...choices, ...Object.keys(key.synonyms ?? {})];
    return { problem: `must be one of ${words.join(", ")}, not "${raw}"${didYouMean(raw, words)}` };
  },
  list: ({ form }, raw) => {
    if (!Array.isArray(raw) || !raw.every((item) => typeof item === "string")) {
      return wrongType("a list of strings", raw);
    }
    const wrong = form && raw.find((item) => !new RegExp(`^(?:${form.pattern})$`).test(item));
    return wrong === undefined
      ? { value: Object.freeze([...raw]) }
      : wrongType(`a list, each ${form!.text}`, wrong);
  },
};

function withinBounds(key: Key<unknown>, value: number, show: (value: number) => string): Reading {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = key;
  if (value >= min && value <= max) return { value };
  const range =
    max === Number.MAX_SAFE_INTEGER ? `at least ${show(min)}` : `from ${show(min)} to ${show(max)}`;
  return { problem: `must be ${range}, not ${value}` };
}

function wrongType(wanted: string, raw: unknown): Reading {
  return { problem: `must be ${wanted}, not ${JSON.stringify(raw) ?? String(raw)}` };
}
