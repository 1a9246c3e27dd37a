import { collectDefaultMetrics, Registry } from "prom-client";

export { Counter, Gauge, Histogram } from "prom-client";
export type { Registry };

/** What a registry is made of. */
export interface MetricsOptions {
  /** In every sample as the label `image`. */
  readonly image: string;
  /**
   * Also the process's own: memory, CPU, file descriptors, garbage collection, event-loop delay (p50, p90, p99). They
   * are observed until the process ends, so only the program that owns it asks for them.
   */
  readonly processMetrics: boolean;
}

/** How often the event loop's delay is sampled: fine enough for the 50 ms that no image may stall. */
const eventLoopSampleMs = 20;

/** Makes a registry of Prometheus metrics; engines add theirs with `registers: [metrics]`. */
export function createMetrics(options: MetricsOptions): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ image: options.image });
  if (options.processMetrics) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopSampleMs });
  }
  return registry;
}
