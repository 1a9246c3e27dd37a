import type { Authenticator } from "@weftkit/auth";
import type { Config, ServiceName } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import type { DiscoveryClient } from "@weftkit/discovery-client";
import type { Logger, Readiness, Registry } from "@weftkit/observe";
import type { TlsMaterial, UsesCertificates } from "./tls.ts";

/** The certificates of `[tls]`, for the servers that a service opens. */
export interface ServiceTls {
  /** What was read last. */
  readonly material: TlsMaterial;
  /** Gives a server the certificates whenever their files change, until the service has closed. */
  follow(server: UsesCertificates): void;
}

/** What an operation of a service answers on the admin port. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
}

/** An operation of a service, with what stands after the question mark. */
export type AdminOperation = (query: URLSearchParams) => Promise<AdminReply>;

/** What a service is given; everything lives until `close` has resolved. */
export interface ServiceContext<Name extends ServiceName = ServiceName> {
  readonly name: Name;
  readonly version: string;
  /** The service's own section of weftkit.toml, its secrets among it. */
  readonly section: Config[Name];
  /** All sections, without secrets. */
  readonly config: Config;
  /** An existing, writable folder that this process alone uses; undefined for a service that keeps no state. */
  readonly dataDir: string | undefined;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Undefined for a service that lets others find out who a client is (`ServiceDefinition.authenticates`). */
  readonly auth: Authenticator | undefined;
  /** Undefined when `[tls]` is off. */
  readonly tls: ServiceTls | undefined;
  /** Undefined when `[discovery_client]` names no discovery. */
  readonly discovery: DiscoveryClient | undefined;
  readonly readiness: Readiness;
  /** How often files that are followed are looked at; undefined is the usual. */
  readonly watchIntervalMs: number | undefined;
  /** Reports what cannot be gone on from: the host logs it, tries to close and ends with exit code 70. */
  fatal(error: unknown): void;
  /** Aborted when the shutdown begins. */
  readonly signal: AbortSignal;
}

/** An image that is no engine, as the host runs it. It opens its listeners itself, as it may have many. */
export interface Service<Name extends ServiceName = ServiceName> {
  /** Listens when it resolves. Rejecting stops the start: ConfigError for mistakes, WeftkitError for what the surroundings refuse. */
  open(ctx: ServiceContext<Name>): Promise<void>;
  /**
   * Stops listening, lets what is under way end, and resolves when all is closed. `deadline.signal` aborts when the
   * budget is used up. Also called after an `open` that failed.
   */
  close(deadline: Deadline): Promise<void>;
  /** What `/v1/status` shows of the service; must be cheap and hold no secret. */
  status?(): Record<string, unknown>;
  /** What the admin port does beside the usual, by method and path ("GET /v1/sync/conflicts"); each needs the admin token. */
  readonly operations?: Readonly<Record<string, AdminOperation>>;
}

/** A service's image: what `main.ts` hands to `runService`. */
export interface ServiceDefinition<Name extends ServiceName, S extends Service<Name> = Service<Name>> {
  /** The image's name, which is its section in weftkit.toml. */
  readonly name: Name;
  readonly version: string;
  /** Whether `[auth]` says who may use it; without users it refuses to start then. */
  readonly authenticates: boolean;
  create(): S;
}
