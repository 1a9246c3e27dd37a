export { type ClientHello, readClientHello } from "./client-hello.ts";
export { type HttpHead, readHttpHead } from "./http-head.ts";
export { isHello, type MongoOpening, readMongoOpening } from "./mongo-opening.ts";
export { type Opening, type Protocol, peek } from "./peek.ts";
export {
  type ProxiedEnds,
  type ProxyHeader,
  plainAddress,
  readProxyHeader,
  writeLocalProxyHeader,
  writeProxyHeader,
} from "./proxy-header.ts";
