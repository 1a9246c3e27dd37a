export type { Config, ConfiguredUser, SectionValues } from "./config.ts";
export { documentation } from "./documentation.ts";
export type { Environment } from "./draft.ts";
export { jsonSchema } from "./json-schema.ts";
export { defaultFiles, type LoadedConfig, type LoadOptions, loadConfig, readUsersFile } from "./load.ts";
export { ConfigError, type Mistake } from "./mistake.ts";
export { printConfig } from "./print.ts";
export { type EngineName, engineNames, type SectionName } from "./schema.ts";
export { withoutSecrets } from "./without-secrets.ts";
