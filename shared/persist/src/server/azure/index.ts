export { AzureStore } from "./azure-store.ts";
export { type AzureConfig, readAzureConfig } from "./read-config.ts";
