export type { Registry } from "prom-client";
export type { Logger } from "./log.ts";
export type { Readiness } from "./readiness.ts";
