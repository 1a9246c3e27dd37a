export { GcsStore } from "./gcs-store.ts";
export { type GcsConfig, readGcsConfig } from "./read-config.ts";
