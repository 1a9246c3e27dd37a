export { type Certificate, selfSigned } from "./certificate.ts";
export {
  DocumentContainer,
  FilestoreContainer,
  GraphContainer,
  InmemoryContainer,
  KeyvalueContainer,
  MarkdownContainer,
  RelationalContainer,
  VectorContainer,
} from "./containers.ts";
export { type StartedEngineContainer, WeftKitContainer } from "./engine-container.ts";
export type { LocalOptions } from "./local-engine.ts";
export type { Account, EngineName, StartedEngine } from "./started-engine.ts";
