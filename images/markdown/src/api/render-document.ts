import { setImmediate } from "node:timers/promises";
import type { Database } from "@weftkit/store";
import type { LinkTarget, Rendered } from "../content.ts";
import { resolveTarget } from "../links/resolve.ts";
import { renderHtml } from "../render/render-html.ts";
import type { Collection } from "../storage/collections.ts";
import type { StoredDocument } from "../storage/documents.ts";
import { addressKey } from "../text/text-work.ts";
import { inPlaceMax } from "../text/text-workers.ts";
import type { ApiContext } from "./context.ts";
import { attachmentAddress, documentAddress } from "./representation.ts";

/** So many links are resolved before others get their turn: each takes some 15 us. */
const targetsPerTurn = 200;

export interface DocumentPlace {
  readonly collection: Collection;
  readonly document: StoredDocument;
}

/** The page of a text, with links to the documents that its links mean now. A long one is made by a worker. */
export async function renderDocument(
  api: ApiContext,
  place: DocumentPlace,
  body: string,
  signal: AbortSignal,
): Promise<Rendered> {
  if (body.length < inPlaceMax) {
    return api.store.read(
      (db) => renderHtml(body, { resolve: (target, kind) => addressOf(db, place, { target, kind }) }),
      { signal },
    );
  }
  const targets = await api.texts.run("targets", body, body.length, signal);
  const addresses = new Map<string, string>();
  for (let start = 0; start < targets.length; start += targetsPerTurn) {
    if (start > 0) await setImmediate();
    const some = targets.slice(start, start + targetsPerTurn);
    const found = await api.store.read((db) => some.map((target) => addressOf(db, place, target)), {
      signal,
    });
    for (const [index, address] of found.entries()) {
      if (address !== undefined) addresses.set(addressKey(some[index]!), address);
    }
  }
  return api.texts.run("render", { body, addresses }, body.length, signal);
}

function addressOf(
  db: Database,
  { collection, document }: DocumentPlace,
  { target, kind }: LinkTarget,
): string | undefined {
  const found = resolveTarget(db, collection, document.id, target, kind);
  if (found?.kind === "attachment") return attachmentAddress(collection.name, found.path);
  return found && documentAddress(collection.name, found.document.id);
}
