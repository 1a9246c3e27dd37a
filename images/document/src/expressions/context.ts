import type { Collation } from "../bson/collation.ts";
import { DateTime, type Doc, Timestamp, type Value } from "../bson/values.ts";
import type { ExpressionContext, Metadata, Scope, UserRole } from "./expression.ts";

/** What is known of documents beside themselves; forgotten with them. */
const metadata = new WeakMap<Doc, Metadata>();

export function metadataOf(doc: Doc): Metadata | undefined {
  return metadata.get(doc);
}

export function setMetadata(doc: Doc, found: Metadata | undefined): Doc {
  if (found !== undefined) metadata.set(doc, found);
  return doc;
}

/** The context of a command's expressions. */
export function expressionContext(
  options: {
    readonly collation?: Collation | undefined;
    readonly userRoles?: readonly UserRole[];
    readonly nowMs?: number;
    readonly asOfMs?: number;
  } = {},
): ExpressionContext {
  const nowMs = options.nowMs ?? Date.now();
  return {
    collation: options.collation,
    now: new DateTime(nowMs),
    clusterTime: Timestamp.of(Math.floor(nowMs / 1000), 1),
    variables: new Map(),
    slots: { count: 0 },
    values: new Map(),
    asOfMs: options.asOfMs ?? Number.POSITIVE_INFINITY,
    userRoles: options.userRoles ?? [],
    metadata: metadataOf,
  };
}

/** A scope for the expressions of a context, with the values that its variables have from the beginning. */
export function newScope(context: ExpressionContext): Scope {
  const slots: (Value | undefined)[] = [];
  for (const [slot, value] of context.values) slots[slot] = value;
  return { root: undefined, slots, asOfMs: context.asOfMs };
}
