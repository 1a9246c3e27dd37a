import type { IncomingMessage } from "node:http";
import type { Logger } from "@weftkit/observe";
import type { DiscoveryClient } from "./client.ts";
import { type DiscoveredInstance, isInstance } from "./instance.ts";

export interface FollowOptions {
  readonly client: DiscoveryClient;
  readonly group: string;
  readonly log: Logger;
  /** Told of everybody who may be there, by id, each time that changes. */
  found(instances: readonly DiscoveredInstance[]): void;
}

const requestTimeoutMs = 2000;
/** A stream on which nothing comes for so long is dead: discovery sends something every 15 s. */
const silenceMs = 40_000;
const backoffMs = { min: 100, max: 5000 };
const eventCharsMax = 32 * 1024 ** 2;

/**
 * Follows who is in a group: by a stream of events, and by asking now and then where there is none. When discovery is away, or has
 * only just started, those who were known stay.
 */
export class Follower {
  readonly #options: FollowOptions;
  readonly #stopping = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #known = new Map<string, DiscoveredInstance>();
  /** While discovery may not have heard of everybody: whom it has heard of. */
  #confirmed: Set<string> | undefined;
  #lastEventId: string | undefined;
  #told = "";
  #saidFailure = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Begins; resolves when discovery has answered, or has not. */
  async open(): Promise<void> {
    void this.#run();
    await this.#first.promise;
  }

  close(): void {
    this.#stopping.abort();
    this.#first.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#watch(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
      }
      await this.#poll();
      this.#first.resolve();
      const waitMs = Math.min(backoffMs.max, backoffMs.min * 2 ** failures++);
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())).unref());
    }
  }

  /** Reads events until the stream ends. */
  async #watch(began: () => void): Promise<void> {
    const { client, group } = this.#options;
    const { signal } = this.#stopping;
    const stream = await client.open(`/watch?group=${encodeURIComponent(group)}`, {
      timeoutMs: requestTimeoutMs,
      signal,
      headers: {
        accept: "text/event-stream",
        ...(this.#lastEventId !== undefined && { "last-event-id": this.#lastEventId }),
      },
    });
    for await (const { event, id, data } of eventsOf(stream)) {
      began();
      this.#take(event, data);
      if (id !== undefined) this.#lastEventId = id;
      this.#reached();
    }
  }

  /** Asks once, where the stream broke. */
  async #poll(): Promise<void> {
    const { client, group } = this.#options;
    const { signal } = this.#stopping;
    try {
      const path = `/groups/${encodeURIComponent(group)}`;
      const { value } = await client.ask(path, { timeoutMs: requestTimeoutMs, signal });
      const { instances, isSettled, index } = value as Record<string, unknown>;
      this.#take("snapshot", { instances, isSettled });
      if (typeof index === "string") this.#lastEventId = index;
      this.#reached();
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  #take(event: string, data: Readonly<Record<string, unknown>>): void {
    switch (event) {
      case "snapshot":
        this.#takeAll((data.instances as unknown[]).filter(isInstance), data.isSettled === true);
        break;
      case "changed":
        if (!isInstance(data)) return;
        this.#known.set(data.id, data);
        this.#confirmed?.add(data.id);
        break;
      case "gone":
        this.#known.delete(String(data.id));
        break;
      case "settled":
        for (const id of this.#known.keys()) if (this.#confirmed?.has(id) === false) this.#known.delete(id);
        this.#confirmed = undefined;
        break;
    }
    this.#tell();
  }

  #takeAll(instances: readonly DiscoveredInstance[], isSettled: boolean): void {
    const kept = isSettled ? [] : this.#known;
    this.#known = new Map([...kept, ...instances.map((one) => [one.id, one] as const)]);
    this.#confirmed = isSettled ? undefined : new Set(instances.map(({ id }) => id));
  }

  #tell(): void {
    const instances = [...this.#known.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    const told = JSON.stringify(instances);
    if (told === this.#told) return;
    this.#told = told;
    this.#options.found(instances);
  }

  #reached(): void {
    this.#first.resolve();
    if (!this.#saidFailure) return;
    this.#saidFailure = false;
    this.#options.log.info({ discovery: this.#options.client.url }, "discovery answers again");
  }

  /** What goes on failing is said once. */
  #failed(error: unknown): void {
    const { client, group, log } = this.#options;
    client.next();
    this.#first.resolve();
    if (this.#saidFailure) return;
    this.#saidFailure = true;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(
      { group, known: this.#known.size },
      `discovery does not tell who is there: ${reason}; those who were known stay, and it is asked again`,
    );
  }
}

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events of a stream, until it ends or is silent for too long. */
async function* eventsOf(stream: IncomingMessage): AsyncGenerator<StreamEvent> {
  stream.setEncoding("utf8");
  let timer = setTimeout(() => {}, 0);
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stream.destroy(new Error(`nothing came for ${silenceMs} ms`)),
      silenceMs,
    ).unref();
  };
  listen();
  try {
    let text = "";
    for await (const piece of stream) {
      listen();
      text += piece as string;
      if (text.length > eventCharsMax) throw new Error("an event is too long");
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const event = eventOf(text.slice(0, end));
        text = text.slice(end + 2);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

/** Undefined for comments and for what has no data. */
function eventOf(text: string): StreamEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
  }
  const [event, data] = [fields.get("event"), fields.get("data")];
  if (event === undefined || data === undefined) return undefined;
  return { event, id: fields.get("id"), data: JSON.parse(data) as Readonly<Record<string, unknown>> };
}
