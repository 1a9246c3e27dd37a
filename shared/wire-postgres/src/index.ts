export { type BackendMessage, readBackendMessage, readErrorFields } from "./backend-messages.ts";
export {
  BackendWriter,
  type ErrorFields,
  type FieldDescription,
  type Format,
  type TransactionStatus,
} from "./backend-writer.ts";
export { frameLength, messageHeaderBytes, packetLength } from "./frame.ts";
export {
  type BindMessage,
  type FrontendMessage,
  type ParseMessage,
  readFrontendMessage,
  type Target,
} from "./frontend-messages.ts";
export { FrontendWriter } from "./frontend-writer.ts";
export { MessageReader } from "./message-reader.ts";
export { MessageStream, type StreamHandler, type Verdict } from "./message-stream.ts";
export { type Negotiation, negotiate, protocolVersion, readStartup, type StartupPacket } from "./startup.ts";
export { isWireError, violation, type WireError } from "./violation.ts";
