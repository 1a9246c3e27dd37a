import type { Logger } from "@weftkit/observe";
import { type DiscoveryClient, DiscoveryError } from "./client.ts";

/** What is registered. */
export interface Registered {
  readonly id: string;
  readonly engine: string;
  readonly protocol: string;
  /** Where clients reach it; this machine's address on the way to discovery when undefined. */
  readonly host: string | undefined;
  readonly port: number;
  readonly groups: readonly string[];
  readonly role: "primary" | "replica";
  readonly weight: number;
  readonly tls: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RegistrationOptions {
  readonly client: DiscoveryClient;
  readonly registered: Registered;
  /** How often heartbeats are sent; what discovery says when undefined. */
  readonly intervalMs: number | undefined;
  readonly log: Logger;
}

const requestTimeoutMs = 1000;
const defaultIntervalMs = 1000;
/** Not all at once: a tenth more or less. */
const jitter = 0.1;
/** The last words of an instance that ends are not waited for longer. */
const lastWordsMs = 500;

/**
 * An instance that is known to discovery for as long as it runs:
 *
 * 1. `start`: it registers, and sends heartbeats 2. `drain`: it goes soon 3. `leave`
 *
 * Discovery that is away is waited for, and never holds anything up.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #stopping = new AbortController();
  #epoch = Date.now();
  #localAddress = "";
  #isDraining = false;
  #isKnown = false;
  #saidFailure = false;
  #heartbeatMs: number;
  #timer: NodeJS.Timeout | undefined;
  #lastBeat = Promise.resolve();

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#heartbeatMs = options.intervalMs ?? defaultIntervalMs;
  }

  /** Whether discovery's last answer was that it is known. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  start(): void {
    this.#beat();
  }

  /** Tells that it goes soon, so that it gets no new connections. Resolves when that is told, or cannot be in time. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    clearTimeout(this.#timer);
    const told = this.#lastBeat.then(async () => {
      if (this.#isKnown) await this.#tell();
      this.#again();
    });
    await inTime(told);
  }

  /** Tells that it has gone. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort();
    await inTime(this.#lastBeat);
    if (!this.#isKnown) return;
    const { client, registered, log } = this.#options;
    try {
      const path = `/instances/${registered.id}?epoch=${this.#epoch}`;
      await client.ask(path, { method: "DELETE", timeoutMs: lastWordsMs });
    } catch (error) {
      log.warn({ err: error }, "discovery could not be told that this instance ends; it will find out");
    }
  }

  #beat(): void {
    this.#lastBeat = (this.#isKnown ? this.#heartbeat() : this.#tell()).then(() => this.#again());
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (this.#stopping.signal.aborted) return;
    const afterMs = this.#heartbeatMs * (1 - jitter + 2 * jitter * Math.random());
    this.#timer = setTimeout(() => this.#beat(), afterMs).unref();
  }

  async #heartbeat(): Promise<void> {
    const { client, registered } = this.#options;
    const path = `/instances/${registered.id}/heartbeat?epoch=${this.#epoch}`;
    const { signal } = this.#stopping;
    try {
      this.#said(await client.ask(path, { method: "POST", timeoutMs: requestTimeoutMs, signal }));
    } catch (error) {
      if (signal.aborted) return;
      // A node that has just started, or another one: it is told everything.
      if (error instanceof DiscoveryError && error.status === 404) await this.#tell();
      else this.#failed(error);
    }
  }

  /** Registers, with all that there is to say. */
  async #tell(): Promise<void> {
    const { client } = this.#options;
    const { signal } = this.#stopping;
    try {
      const host = await this.#host();
      const { id, port, groups, ...registered } = this.#options.registered;
      const body = {
        ...registered,
        host: undefined,
        endpoint: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
        groups,
        draining: this.#isDraining,
        epoch: this.#epoch,
      };
      const timeoutMs = this.#isDraining ? lastWordsMs : requestTimeoutMs;
      this.#said(await client.ask(`/instances/${id}`, { method: "PUT", body, timeoutMs, signal }));
    } catch (error) {
      if (!signal.aborted) await this.#refused(error);
    }
  }

  async #host(): Promise<string> {
    const { client, registered } = this.#options;
    if (registered.host !== undefined) return registered.host;
    // Asked each time: the machine may have moved to another network.
    const { localAddress } = await client.ask("/nodes", {
      timeoutMs: requestTimeoutMs,
      signal: this.#stopping.signal,
    });
    this.#localAddress = localAddress.replace(/^::ffff:(?=\d+\.)/, "") || this.#localAddress;
    return this.#localAddress;
  }

  #said({ value }: { readonly value: unknown }): void {
    const { client, intervalMs, log, registered } = this.#options;
    const { heartbeatMs } = (value ?? {}) as { heartbeatMs?: unknown };
    if (intervalMs === undefined && typeof heartbeatMs === "number" && heartbeatMs >= 50) {
      this.#heartbeatMs = heartbeatMs;
    }
    if (!this.#isKnown) log.info({ discovery: client.url, id: registered.id }, "registered with discovery");
    this.#isKnown = true;
    this.#saidFailure = false;
  }

  async #refused(error: unknown): Promise<void> {
    const { client, registered } = this.#options;
    this.#failed(error);
    this.#isKnown = false;
    if (!(error instanceof DiscoveryError) || error.type !== "older-epoch") return;
    try {
      const { signal } = this.#stopping;
      const known = await client.ask(`/instances/${registered.id}`, { timeoutMs: requestTimeoutMs, signal });
      const { epoch, state } = known.value as { epoch: number; state: string };
      // The clock went back; who is gone cannot be the later start.
      if (state === "failed" || state === "left") this.#epoch = Math.max(this.#epoch, epoch + 1);
    } catch {
      // It is asked again with the next try.
    }
  }

  /** What goes on failing is said once. */
  #failed(error: unknown): void {
    const { client, log } = this.#options;
    client.next();
    if (this.#saidFailure) return;
    this.#saidFailure = true;
    const reason = error instanceof Error ? error.message : String(error);
    const hint =
      error instanceof DiscoveryError && error.status === 409
        ? "; give each instance its own discovery_client.id or server.name"
        : "";
    log.warn(`this instance could not be registered with discovery: ${reason}${hint}; it is tried again`);
  }
}

/** Waits for last words, but not long. */
async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lastWordsMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
