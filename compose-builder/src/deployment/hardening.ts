// What holds for every service, because every image is made alike.
import type { HealthCheck, Service } from "./model.ts";

/** How long an image may take from SIGTERM to its exit; the grace period leaves room above it. */
export const shutdownBudgetSeconds = 30;
export const stopGraceSeconds = shutdownBudgetSeconds + 10;

/** Node and its workers are threads of one process; this also bounds what a break-in could start. */
export const processesMax = 128;

/** The user whose password is generated. */
export const userName = "weftkit";

export const user: Service["security"] = { userId: 1000, groupId: 1000 };

/** Where every image but the functions answers for its health, and gives its metrics. */
export const adminPort = 9464;

/**
 * A restore at start counts as a start: an engine is alive and not healthy until it has its state. The check is a small program of
 * the images, so that it may run often.
 */
export const healthCheck: HealthCheck = {
  port: adminPort,
  command: ["healthcheck"],
  intervalSeconds: 2,
  timeoutSeconds: 3,
  startSeconds: 30,
  retries: 3,
};

/** The functions' own, which knows of TLS; it starts node. */
export const functionHealthCheck: HealthCheck = {
  ...healthCheck,
  command: ["node", "/app/healthcheck.mjs"],
  intervalSeconds: 5,
};
