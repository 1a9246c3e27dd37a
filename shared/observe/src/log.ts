import type { Logger as PinoLogger } from "pino";

/** A structured logger (pino's): `log.info({ key: value }, "message")`, `log.child({ component })`. */
export type Logger = PinoLogger;
