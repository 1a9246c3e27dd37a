/** Powers of 1024, as everywhere in WeftKit. */
const units = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** A size for people: "12.3 MB". */
export function readableBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

const spans = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** A length of time for people, in its largest unit: "3 minutes". */
export function readableSpan(durationMs: number): string {
  const [name, unitMs] = spans.find(([, ms]) => durationMs >= ms) ?? spans.at(-1)!;
  return counted(Math.floor(Math.max(0, durationMs) / unitMs), name);
}

/** A point in time, Unix milliseconds, without the fractions that nobody reads: "2026-02-02 03:04:05 UTC". */
export function readableTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "1 piece", "2 pieces". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
