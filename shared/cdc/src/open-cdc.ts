import { type ChangeForm, type ChangeLog, tokenOf } from "@weftkit/changes";
import type { Config } from "@weftkit/config";
import { Counter, Gauge, type Logger, type Readiness, type Registry } from "@weftkit/observe";
import { DeadLetters } from "./dead-letters.ts";
import { Envelopes } from "./envelopes.ts";
import { Filters } from "./filters.ts";
import { jsonForm } from "./json-form.ts";
import { openEmitter } from "./open-emitter.ts";
import { consumerName, Pump, type PumpObserver, reasonOf } from "./pump.ts";
import { readFieldRule, Transforms } from "./transforms.ts";

export { consumerName };

export interface CdcOptions {
  /** With its secrets. */
  readonly config: Config["cdc"];
  readonly engine: string;
  readonly nodeName: string;
  readonly version: string;
  readonly dataDir: string;
  readonly changes: ChangeLog;
  /** Default: changes are JSON, and keys texts. */
  readonly form: ChangeForm | undefined;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly readiness: Readiness;
  /** Told of what cannot be gone on from. */
  fatal(error: unknown): void;
}

/** What `/v1/status` shows. */
export interface CdcStatus {
  readonly emitter: string;
  readonly state: "sending" | "retrying";
  /** Why it is retrying. */
  readonly error?: string;
  readonly position: string;
  readonly sent: number;
  readonly deadLetters: number;
  readonly lost: number;
}

export interface Cdc {
  status(): CdcStatus;
  /** To be called before the engine closes; what was not confirmed is sent at the next start. */
  close(): Promise<void>;
}

/**
 * Begins to send what is committed. When it resolves, the position is known and nothing that is written from then on is
 * missing; whether the receiver is there does not matter for that.
 */
export async function openCdc(options: CdcOptions): Promise<Cdc> {
  const { config, changes, log, engine, nodeName: name, version } = options;
  const known = (await changes.consumers()).find((consumer) => consumer.name === consumerName);
  const watch = new Watch(options);
  const isNew = known === undefined || known.dropped !== undefined;
  const from = isNew ? await changes.retain(consumerName) : known.position;
  const rules = (["drop", "mask", "rename"] as const).flatMap((kind) =>
    config[kind].map((text) => readFieldRule(kind, text)),
  );
  const pump = new Pump(
    {
      log: changes,
      open: () => openEmitter(config, `weftkit-${engine}-${name}`.replace(/[^A-Za-z0-9._-]/g, "_")),
      filters: new Filters(config.namespaces, config.ops),
      envelopes: new Envelopes({
        engine,
        name,
        version,
        format: config.format,
        topic: config.topic.replaceAll("{engine}", engine),
        form: options.form ?? jsonForm,
        transforms: new Transforms(rules),
      }),
      deadLetters: new DeadLetters(options.dataDir),
      observer: watch,
      batchEvents: config.batch_events,
      batchBytes: config.batch_bytes,
      retryMsMax: config.retry_max,
    },
    from,
    known?.dropped,
  );
  watch.follow(changes, pump);
  log.info({ emitter: config.emitter, from: tokenOf(changes.identity, from) }, "changes are sent");
  pump.run().catch((error: unknown) => options.fatal(error));
  return {
    status: () => ({
      emitter: config.emitter,
      ...watch.status(),
      position: tokenOf(changes.identity, pump.position),
    }),
    close: () => pump.stop(),
  };
}

/** Tells of what happens: metrics, readiness, log. A receiver that is away is no reason to send an engine no traffic. */
class Watch implements PumpObserver {
  readonly #options: CdcOptions;
  readonly #sent: Counter;
  readonly #failures: Counter;
  readonly #deadLetters: Counter;
  readonly #lost: Counter;
  readonly #lag: Gauge;
  #sentCount = 0;
  #deadLetterCount = 0;
  #lostCount = 0;
  #newestAtMs = 0;
  #error: string | undefined;

  constructor(options: CdcOptions) {
    const { metrics } = options;
    const registers = [metrics];
    this.#options = options;
    this.#sent = new Counter({
      name: "weftkit_cdc_events_sent_total",
      help: "Events that were confirmed.",
      registers,
    });
    this.#failures = new Counter({
      name: "weftkit_cdc_failures_total",
      help: "Tries to send that have failed and are made again.",
      registers,
    });
    this.#deadLetters = new Counter({
      name: "weftkit_cdc_dead_letters_total",
      help: "Events that the receiver refuses.",
      registers,
    });
    this.#lost = new Counter({
      name: "weftkit_cdc_lost_total",
      help: "Times that changes were forgotten before they were sent, as more would have had to be kept than may be.",
      registers,
    });
    this.#lag = new Gauge({
      name: "weftkit_cdc_age_seconds",
      help: "How old the last event was when it was confirmed.",
      registers,
    });
  }

  /** How much waits is asked of the log when metrics are read. */
  follow(changes: ChangeLog, pump: Pump): void {
    const { metrics } = this.#options;
    new Gauge({
      name: "weftkit_cdc_lag_bytes",
      help: "Bytes of the change log that are kept for what was not sent yet.",
      registers: [metrics],
      async collect() {
        const consumer = (await changes.consumers()).find(({ name }) => name === consumerName);
        this.set(consumer?.lagBytes ?? 0);
      },
    });
    if (!changes.countsCommits) return;
    new Gauge({
      name: "weftkit_cdc_lag_commits",
      help: "Commits that were not sent yet.",
      registers: [metrics],
      collect() {
        this.set(Number(changes.newest.sequence - pump.position.sequence));
      },
    });
  }

  status() {
    return {
      state: this.#error === undefined ? ("sending" as const) : ("retrying" as const),
      ...(this.#error !== undefined && { error: this.#error }),
      sent: this.#sentCount,
      deadLetters: this.#deadLetterCount,
      lost: this.#lostCount,
    };
  }

  sent(events: number, atMs: number): void {
    this.#sentCount += events;
    this.#sent.inc(events);
    this.#newestAtMs = atMs;
    this.#lag.set(Math.max(0, Date.now() - this.#newestAtMs) / 1000);
  }

  failed(error: unknown): void {
    const why = reasonOf(error);
    this.#failures.inc();
    if (this.#error !== why)
      this.#options.log.warn({ err: error }, "changes cannot be sent; it is tried again");
    this.#error = why;
    this.#tell();
  }

  recovered(): void {
    this.#options.log.info("changes are sent again");
    this.#error = undefined;
    this.#tell();
  }

  deadLetter({ id, namespace }: { readonly id: string; readonly namespace: string }, reason: string): void {
    this.#deadLetterCount++;
    this.#deadLetters.inc();
    this.#options.log.warn(
      { event: id, namespace, reason },
      "an event was refused; it is among the dead letters",
    );
    this.#tell();
  }

  lost(why: string): void {
    this.#lostCount++;
    this.#lost.inc();
    this.#options.log.error(
      { reason: why },
      "changes were lost before they were sent; it goes on with what comes now",
    );
    this.#tell();
  }

  #tell(): void {
    const parts = [
      ...(this.#error === undefined ? [] : [`cannot send: ${this.#error}`]),
      ...(this.#lostCount === 0
        ? []
        : [`changes were lost ${this.#lostCount} times: take a new copy of the data`]),
      ...(this.#deadLetterCount === 0 ? [] : [`${this.#deadLetterCount} dead letters`]),
    ];
    this.#options.readiness.set("cdc", true, parts.length === 0 ? undefined : parts.join("; "));
  }
}
