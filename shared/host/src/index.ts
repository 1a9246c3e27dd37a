export type { Engine, EngineContext, ImageDefinition, Peer, Refusal } from "./engine.ts";
export { type RunningImage, runImage, type StartOptions, startImage } from "./image.ts";
