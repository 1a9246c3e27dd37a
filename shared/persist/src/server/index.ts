export { ContractFailure } from "./contract-failure.ts";
export type { FunctionReply, FunctionRequest } from "./function-request.ts";
export { createHandler, type Handler, type HandlerOptions, unavailableReply } from "./handler.ts";
export { layout } from "./layout.ts";
export type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "./object-store.ts";
export type { ObjectAges } from "./operation.ts";
export { Renewed, type Temporary } from "./renewed.ts";
export { readConfiguredFile, readSecrets } from "./secrets.ts";
export {
  ConfigMistakes,
  type FunctionSettings,
  type KeyIds,
  type LogLevel,
  readKeys,
  readSettings,
} from "./settings.ts";
