export type { Engine, EngineContext, ImageDefinition, Peer, Refusal, SecuredPeer } from "./engine.ts";
export { exitCodes } from "./exit-codes.ts";
export { runImage } from "./run.ts";
export { type RunningImage, type StartOptions, startImage } from "./start.ts";
