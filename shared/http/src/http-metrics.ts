import { Counter, Histogram, type Logger, type Registry } from "@weftkit/observe";

/** Seconds; the first is what a read from memory takes, the last what nobody waits for. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** One request that was answered, or whose client left before. */
export interface ServedRequest {
  readonly id: string;
  readonly method: string;
  /** The route's pattern; "none" when there was no such route. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly user: string | undefined;
  readonly address: string;
}

/** Counts and logs requests. */
export class HttpMetrics {
  readonly #log: Logger;
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #duration: Histogram<"method" | "route">;

  constructor(registry: Registry, log: Logger) {
    this.#log = log;
    const registers = [registry];
    this.#requests = new Counter({
      name: "weftkit_http_requests_total",
      help: "Requests by route and status.",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#duration = new Histogram({
      name: "weftkit_http_request_duration_seconds",
      help: "From the request's headers to the end of its answer.",
      labelNames: ["method", "route"],
      buckets,
      registers,
    });
  }

  /** Failures of the engine are errors, the rest is only of interest to those who look for it. */
  served(request: ServedRequest): void {
    const { method, route, status, durationMs } = request;
    this.#requests.inc({ method, route, status });
    this.#duration.observe({ method, route }, durationMs / 1000);
    this.#log.debug(request, "request");
  }
}
