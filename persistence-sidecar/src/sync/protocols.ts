import { mongo } from "./mongo/protocol.ts";
import { postgres } from "./postgres/protocol.ts";
import type { SyncProtocol } from "./protocol.ts";
import { redis } from "./resp/protocol.ts";

const protocols: readonly SyncProtocol[] = [postgres, redis, mongo];

/** Of an endpoint; undefined when its databases cannot be kept equal. */
export function protocolOf(endpoint: string): SyncProtocol | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { protocol: scheme } = new URL(endpoint);
  return protocols.find(({ schemes }) => schemes.includes(scheme));
}

/** Those of all protocols, for messages. */
export function schemesOf(): string {
  return new Intl.ListFormat("en-GB").format(protocols.map(({ schemes }) => `${schemes[0]}//`));
}
