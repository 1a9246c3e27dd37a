export { chunked, MessageAssembler } from "./chunks.ts";
export {
  type BoltVersion,
  boltMagic,
  chooseVersion,
  clientHandshake,
  handshakeBytes,
  isOffered,
  manifestReply,
  type Proposal,
  readManifestChoice,
  type VersionRange,
  versionReply,
} from "./handshake.ts";
export { type RequestName, requestName, requestTags, responseTags, valueTags } from "./messages.ts";
export { PackReader, type PackValue, PackWriter, pack, Structure, unpack } from "./packstream.ts";
export { BoltViolation } from "./violation.ts";
export { WebSocketReader, webSocketFrame, webSocketReply } from "./websocket.ts";
