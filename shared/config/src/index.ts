export type { Config, ConfiguredUser, SectionValues } from "./config.ts";
export type { EngineName, SectionName } from "./schema.ts";
