export { type Cdc, type CdcOptions, type CdcStatus, consumerName, openCdc } from "./open-cdc.ts";
