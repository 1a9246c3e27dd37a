export type { Check } from "./check.ts";
export {
  type ConformanceOptions,
  type ConformanceResult,
  conformanceChecks,
  runConformance,
} from "./run-conformance.ts";
