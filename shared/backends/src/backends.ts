import { type Clock, systemClock } from "@weftkit/core";
import { Gauge, type Logger, type Registry } from "@weftkit/observe";
import type { Backend } from "./backend.ts";
import { BackendTable, changeOf, type TableChange } from "./backend-table.ts";
import type { Target } from "./backend-text.ts";
import { type Candidate, choose, type Policy, type RoleWanted, withRole } from "./choose.ts";
import { defaultHealthPolicy, HealthCheck, type HealthPolicy } from "./health-checks.ts";
import { defaultOutlierPolicy, Health, type OutlierPolicy } from "./outliers.ts";
import type { Probe } from "./probes.ts";
import type { BackendSource } from "./source.ts";

/** What a set of backends is made of. */
export interface BackendsOptions {
  readonly sources: readonly BackendSource[];
  readonly log: Logger;
  /** How each is looked after; none when undefined. */
  readonly probe?: Probe | undefined;
  readonly health?: HealthPolicy;
  readonly outliers?: OutlierPolicy;
  readonly clock?: Clock;
  /** From 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** What is wanted of the backend for a connection. */
export interface Wanted extends Target {
  /** `primary` when nobody says. */
  readonly role?: RoleWanted;
  readonly policy?: Policy;
  /** Those that were tried already, by id. */
  readonly except?: ReadonlySet<string>;
}

/**
 * A connection's place at a backend, from before it is made until it has ended:
 *
 * 1. `acquire` 2. `succeeded` or `failed`, as often as there is something to say 3. `release`, once or more
 */
export interface Place {
  readonly backend: Backend;
  /** All were out, and this one was taken all the same. */
  readonly isPanic: boolean;
  /** It was reached and did what it should. */
  succeeded(): void;
  /** It could not be reached, hung up early, or did not keep to its protocol. */
  failed(reason: string): void;
  /** The connection is over (or was never made). */
  release(): void;
}

/** One backend as it stands, for `/v1/status`, metrics and consoles. */
export interface BackendState {
  readonly backend: Backend;
  readonly state: "in" | "unhealthy" | "ejected" | "draining";
  readonly connections: number;
  readonly lastError: string | undefined;
}

/** What is known of a backend as long as it is in the table, or has connections. */
interface Member extends Candidate {
  backend: Backend;
  connections: number;
  readonly health: Health;
  check: HealthCheck | undefined;
  isGone: boolean;
}

/**
 * The backends of all sources, who of them is in, and which one the next connection gets.
 *
 * Panic: when every backend that could be chosen is out (unhealthy or ejected), all of them are chosen from as if none were. To
 * believe that all are down and refuse everybody would be worse than to try; it is logged and counted. Draining ones stay out.
 */
export class Backends {
  readonly #options: BackendsOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #bySource = new Map<BackendSource, readonly Backend[]>();
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<(change: TableChange) => void>();
  #table = BackendTable.empty;
  #panics = 0;
  #ejections = 0;
  #isClosed = false;

  constructor(options: BackendsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /** Resolves when every source has told once. @throws what a source's `open` does, after closing */
  async open(): Promise<void> {
    try {
      await Promise.all(
        this.#options.sources.map((source) => source.open((backends) => this.#found(source, backends))),
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Stops looking and listening; places that are held can still be released. */
  close(): void {
    this.#isClosed = true;
    for (const source of this.#options.sources) source.close();
    for (const member of this.#members.values()) member.check?.stop();
    this.#listeners.clear();
  }

  /** All backends now; the object never changes. */
  get table(): BackendTable {
    return this.#table;
  }

  /** How often all that could be chosen were out. */
  get panics(): number {
    return this.#panics;
  }

  /** Calls back after each change of the table; returns what stops it. */
  onChange(listener: (change: TableChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A place at the backend that is best now; undefined when there is none that could be tried. */
  acquire(wanted: Wanted): Place | undefined {
    const nowMs = this.#clock.monotonicMs();
    const candidates = this.#table
      .of(wanted)
      .filter((backend) => !backend.draining && wanted.except?.has(backend.id) !== true)
      .map((backend) => this.#members.get(backend.id)!);
    const wantedRole = wanted.role ?? "primary";
    const policy = wanted.policy ?? "least_connections";
    const inside = withRole(
      candidates.filter(({ health }) => health.isIn(nowMs)),
      wantedRole,
    );
    const chosen = choose(inside, policy, this.#random);
    if (chosen !== undefined) return this.#place(chosen, false);
    const inPanic = choose(withRole(candidates, wantedRole), policy, this.#random);
    if (inPanic === undefined) return undefined;
    this.#panics++;
    return this.#place(inPanic, true);
  }

  /** Everybody who is in the table, and those that have left it but still have connections. */
  states(): BackendState[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#members.values()].map(({ backend, connections, health, isGone }) => ({
      backend,
      connections,
      state: backend.draining || isGone ? "draining" : health.stateAt(nowMs),
      lastError: health.lastError,
    }));
  }

  /** Registers metrics of all of them. */
  register(metrics: Registry): void {
    const states = () => this.states();
    const registers = [metrics];
    new Gauge({
      name: "weftkit_backend_connections",
      help: "Open connections to a backend.",
      labelNames: ["backend", "engine"],
      registers,
      collect() {
        this.reset();
        for (const { backend, connections } of states()) {
          this.set({ backend: backend.id, engine: backend.engine }, connections);
        }
      },
    });
    new Gauge({
      name: "weftkit_backend_in",
      help: "1 when a backend gets connections, 0 when it is unhealthy, ejected or draining (see state).",
      labelNames: ["backend", "engine", "state"],
      registers,
      collect() {
        this.reset();
        for (const { backend, state } of states()) {
          this.set({ backend: backend.id, engine: backend.engine, state }, state === "in" ? 1 : 0);
        }
      },
    });
    const counts = { panics: () => this.#panics, ejections: () => this.#ejections };
    new Gauge({
      name: "weftkit_backend_panics_total",
      help: "Connections for which every backend was out, so that all were tried.",
      registers,
      collect() {
        this.set(counts.panics());
      },
    });
    new Gauge({
      name: "weftkit_backend_ejections_total",
      help: "Backends ejected for failing.",
      registers,
      collect() {
        this.set(counts.ejections());
      },
    });
  }

  #place(member: Member, isPanic: boolean): Place {
    member.connections++;
    let isHeld = true;
    if (isPanic) {
      this.#options.log.warn(
        { backend: member.backend.id },
        "every backend is out; this one is tried all the same",
      );
    }
    return {
      backend: member.backend,
      isPanic,
      succeeded: () => member.health.succeeded(this.#clock.monotonicMs()),
      failed: (reason) => this.#failed(member, reason),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        member.connections--;
        this.#forgetIfGone(member);
      },
    };
  }

  #failed(member: Member, reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    const { log } = this.#options;
    if (!member.health.failed(nowMs, reason)) return;
    this.#ejections++;
    const forMs = Math.round(member.health.ejectedForMs(nowMs));
    log.warn({ backend: member.backend.id, reason, forMs }, "a backend was ejected: it fails");
  }

  #found(source: BackendSource, backends: readonly Backend[]): void {
    if (this.#isClosed) return;
    this.#bySource.set(source, backends);
    const all = this.#options.sources.flatMap((one) => this.#bySource.get(one) ?? []);
    const change = changeOf(this.#table, all);
    if (change === undefined) return;
    this.#table = change.table;
    for (const backend of change.added) this.#join(backend);
    for (const backend of change.changed) this.#replace(backend);
    for (const backend of change.removed) this.#leave(backend);
    for (const listener of this.#listeners) listener(change);
  }

  #join(backend: Backend): void {
    const left = this.#members.get(backend.id);
    const member = left ?? {
      backend,
      connections: 0,
      health: new Health(this.#options.outliers ?? defaultOutlierPolicy),
      check: undefined,
      isGone: false,
    };
    member.backend = backend;
    member.isGone = false;
    this.#members.set(backend.id, member);
    this.#lookAfter(member);
  }

  #replace(backend: Backend): void {
    const member = this.#members.get(backend.id)!;
    member.backend = backend;
    member.check?.stop();
    this.#lookAfter(member);
  }

  #leave(backend: Backend): void {
    const member = this.#members.get(backend.id)!;
    member.isGone = true;
    member.check?.stop();
    member.check = undefined;
    this.#forgetIfGone(member);
  }

  #forgetIfGone(member: Member): void {
    if (member.isGone && member.connections === 0) this.#members.delete(member.backend.id);
  }

  #lookAfter(member: Member): void {
    const { probe, log, health = defaultHealthPolicy } = this.#options;
    if (probe === undefined) return;
    member.check = new HealthCheck(member.backend, probe, health, this.#random, (isHealthy, reason) => {
      if (!member.health.checked(isHealthy, reason)) return;
      const backend = member.backend.id;
      if (isHealthy) log.info({ backend }, "a backend is healthy again");
      else log.warn({ backend, reason }, "a backend is unhealthy");
    });
  }
}
