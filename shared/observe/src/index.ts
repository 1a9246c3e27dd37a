export { createLogger, type Logger, type LogOptions } from "./log.ts";
export { Counter, createMetrics, Gauge, Histogram, type MetricsOptions, type Registry } from "./metrics.ts";
export { type ComponentState, type Readiness, ReadinessRegistry } from "./readiness.ts";
