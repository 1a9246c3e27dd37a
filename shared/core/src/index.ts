export { type Clock, systemClock } from "./clock.ts";
export { Deadline } from "./deadline.ts";
export { WeftkitError } from "./errors.ts";
