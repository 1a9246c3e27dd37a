export { ContractFailure } from "./contract-failure.ts";
export type { FunctionReply, FunctionRequest } from "./function-request.ts";
export { createHandler, type Handler, type HandlerOptions } from "./handler.ts";
export { layout } from "./layout.ts";
export type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "./object-store.ts";
export type { ObjectAges } from "./operation.ts";
