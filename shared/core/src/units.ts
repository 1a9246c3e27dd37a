/** Units of size in bytes. The reference's own sizes ("4294967296  # 4 GB") say that they are powers of 1024. */
const byteUnits = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 } as const;

const durationUnitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a size: "1048576", "32MB", "1.5 gb", "64KiB" (the same as KB). Returns bytes, or undefined when it is no
 * size or not a whole number of bytes.
 */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)?$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const unit = (match[2] ?? "b").replace("i", "") as keyof typeof byteUnits;
  const size = Number(match[1]) * byteUnits[unit];
  return Number.isSafeInteger(size) ? size : undefined;
}

/** Reads a duration: "500ms", "30s", "15m", "24h", "7d". Returns milliseconds; a number without unit is none. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const duration = Number(match[1]) * durationUnitsMs[match[2] as keyof typeof durationUnitsMs];
  return Number.isSafeInteger(duration) ? duration : undefined;
}

/** Writes a size in the largest unit that needs no fraction: 33554432 is "32MB". */
export function formatBytes(bytes: number): string {
  return inLargestUnit(bytes, byteUnits).toUpperCase();
}

/** Writes a duration in the largest unit that needs no fraction: 90000 is "90s". */
export function formatDurationMs(durationMs: number): string {
  return inLargestUnit(durationMs, durationUnitsMs);
}

function inLargestUnit(amount: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, size]) => amount % size === 0 && amount >= size);
  const [name, size] = fitting.at(-1) ?? Object.entries(units)[0]!;
  return `${amount / size}${name}`;
}
