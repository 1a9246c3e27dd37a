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
}
