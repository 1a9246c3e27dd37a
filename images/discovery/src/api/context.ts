import type { GossipNode } from "../gossip/node.ts";
import type { Registry } from "../registry/registry.ts";

/** What the routes work with. */
export interface ApiContext {
  readonly registry: Registry;
  /** Undefined for a node that is alone. */
  readonly gossip: GossipNode | undefined;
  /** This node's name. */
  readonly node: string;
  /** What tells this run of the node from all others: numbers of changes are its own. */
  readonly run: string;
  readonly heartbeatMs: number;
  readonly watchersMax: number;
  /** How many watch now. */
  readonly watchers: { count: number };
  /** Aborted when the node closes. */
  readonly closing: AbortSignal;
  nowMs(): number;
}
