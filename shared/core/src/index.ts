export { WeftkitError } from "./errors.ts";
