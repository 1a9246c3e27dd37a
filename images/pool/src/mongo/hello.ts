import {
  booleanElement,
  dateElement,
  documentElement,
  documentOf,
  doubleElement,
  intElement,
  listElement,
  textElement,
} from "@weftkit/wire-mongo";
import { elementsOf } from "./command.ts";

/** What the pool says of itself as its servers say it of themselves: limits and versions. */
const servers = new Set([
  "setName",
  "msg",
  "maxBsonObjectSize",
  "maxWriteBatchSize",
  "logicalSessionTimeoutMinutes",
  "minWireVersion",
  "maxWireVersion",
  "readOnly",
]);

export interface HelloQuestion {
  /** Older drivers ask for isMaster, and want its words. */
  readonly isHello: boolean;
  /** What the client knows the pool by. */
  readonly address: string;
  readonly connectionId: number;
  readonly messageBytesMax: number;
  readonly namesMechanisms: boolean;
  /** The answer to a saslStart that came with it. */
  readonly login: readonly Buffer[] | undefined;
}

/**
 * The answer to hello: the pool is the only member of the servers' replica set, so that drivers stay on it. Without a topologyVersion
 * drivers ask at intervals, and no connection is held for that.
 *
 * @param server a server's own answer
 */
export function helloDocument(server: Buffer, question: HelloQuestion): Buffer {
  const { isHello, address, connectionId, messageBytesMax, namesMechanisms, login } = question;
  const elements: Buffer[] = [
    booleanElement("helloOk", true),
    booleanElement(isHello ? "isWritablePrimary" : "ismaster", true),
    booleanElement("secondary", false),
    intElement("maxMessageSizeBytes", messageBytesMax),
    dateElement("localTime", Date.now()),
    intElement("connectionId", connectionId),
  ];
  for (const { name, at, end } of elementsOf(server, 0, server.length)) {
    if (!servers.has(name)) continue;
    elements.push(server.subarray(at, end));
    if (name === "setName")
      elements.push(
        listElement("hosts", [address]),
        textElement("primary", address),
        textElement("me", address),
      );
  }
  if (namesMechanisms) elements.push(listElement("saslSupportedMechs", ["SCRAM-SHA-256"]));
  if (login !== undefined)
    elements.push(documentElement("speculativeAuthenticate", [...login, doubleElement("ok", 1)]));
  return documentOf([...elements, doubleElement("ok", 1)]);
}
