// What holds for every service, because every image is made alike.
import type { HealthCheck, Service } from "./model.ts";

/** How long an image may take from SIGTERM to its exit; the grace period leaves room above it. */
export const shutdownBudgetSeconds = 30;
export const stopGraceSeconds = shutdownBudgetSeconds + 10;

/** Node and its workers are threads of one process; this also bounds what a break-in could start. */
export const processesMax = 128;

export const user: Service["security"] = { userId: 1000, groupId: 1000 };

/** A restore at start counts as a start: an engine is alive and not healthy until it has its state. */
export const healthCheck: HealthCheck = {
  command: ["node", "/app/healthcheck.mjs"],
  intervalSeconds: 5,
  timeoutSeconds: 3,
  startSeconds: 30,
  retries: 3,
};
