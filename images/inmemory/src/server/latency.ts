/** When something took long, and how long. */
export interface LatencySample {
  readonly unixSeconds: number;
  /** The longest of its second. */
  ms: number;
}

/** What is known of one kind of event. */
export interface LatencyEvent {
  /** The latest seconds in which it took long, oldest first. */
  readonly samples: LatencySample[];
  /** The longest since the last reset. */
  maxMs: number;
}

/** So many samples are kept of an event, as in Redis. */
const SAMPLES_MAX = 160;

/** A picture of samples: bars of so many rows. */
const GRAPH_ROWS = 4;
const GRAPH_COLUMNS = 80;

/** Times in which events (commands, of which Redis tells fast ones apart) took longer than a threshold. */
export class LatencyMonitor {
  readonly events = new Map<string, LatencyEvent>();

  add(name: string, unixSeconds: number, ms: number): void {
    let event = this.events.get(name);
    if (event === undefined) {
      event = { samples: [], maxMs: 0 };
      this.events.set(name, event);
    }
    event.maxMs = Math.max(event.maxMs, ms);
    const last = event.samples.at(-1);
    if (last?.unixSeconds === unixSeconds) {
      last.ms = Math.max(last.ms, ms);
      return;
    }
    event.samples.push({ unixSeconds, ms });
    if (event.samples.length > SAMPLES_MAX) event.samples.shift();
  }

  /** Draws an event as bars, the oldest at the left, with how long ago the first and the last were. */
  graph(name: string, unixSeconds: number): string | undefined {
    const event = this.events.get(name);
    if (event === undefined) return undefined;
    const shown = event.samples.slice(-GRAPH_COLUMNS);
    const times = shown.map(({ ms }) => ms);
    const [low, high] = [Math.min(...times), Math.max(...times)];
    // The smallest has a height, too.
    const heights = times.map(
      (ms) => 1 + Math.round(((ms - low) / Math.max(high - low, 1)) * (GRAPH_ROWS - 1)),
    );
    const rows = Array.from({ length: GRAPH_ROWS }, (_, row) =>
      heights
        .map((height) => (height >= GRAPH_ROWS - row ? "|" : " "))
        .join("")
        .trimEnd(),
    );
    const ago = (sample: LatencySample) => age(unixSeconds - sample.unixSeconds);
    return [
      `${name} - high ${high} ms, low ${low} ms (all time high ${event.maxMs} ms)`,
      "-".repeat(GRAPH_COLUMNS),
      ...rows,
      `${ago(shown[0]!)} to ${ago(shown.at(-1)!)} ago`,
      "",
    ].join("\n");
  }
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
