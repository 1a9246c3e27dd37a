export { checkConfig } from "./check-config.ts";
export type { Engine, EngineContext, ImageDefinition, Peer, Refusal, SecuredPeer } from "./engine.ts";
export { exitCodes } from "./exit-codes.ts";
export { Listener, type ListenerOptions } from "./listener.ts";
export { runImage, runService } from "./run.ts";
export type {
  AdminOperation,
  AdminReply,
  Service,
  ServiceContext,
  ServiceDefinition,
  ServiceTls,
} from "./service.ts";
export {
  type RunningImage,
  type RunningService,
  type StartOptions,
  startImage,
  startService,
} from "./start.ts";
export type { TlsMaterial, UsesCertificates } from "./tls.ts";
