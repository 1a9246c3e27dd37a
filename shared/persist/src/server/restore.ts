import type { Manifest } from "../contract/manifest.ts";
import type { Head, RestoreReply } from "../contract/messages.ts";
import { partsOf } from "../contract/parse-manifest.ts";
import { ContractFailure } from "./contract-failure.ts";
import { layout } from "./layout.ts";
import type { Operation, OperationContext } from "./operation.ts";
import type { ReadManifest } from "./subtree-store.ts";

/** So many parts get a URL of the store; the others come through the function. */
const downloadUrlsMax = 1000;
/** With its URLs a reply is no longer than this, as some platforms send 6 MB with base64 at most. */
const replyBytesMax = 4_400_000;
/** Quotes, colon and comma. */
const jsonBytesPerUrl = 6;
const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Which state is asked for; the newest when neither is there. */
export interface RestoreQuery {
  readonly at?: string;
  readonly manifest?: string;
}

/** `GET /restore`; undefined (204) only when the head is certainly not there. */
export const restore: Operation<RestoreQuery, RestoreReply | undefined> = async (query, context) => {
  const isWanted = query.at === undefined ? undefined : readPointInTime(query.at);
  const read = await context.subtree.readHead();
  if (read === undefined) return undefined;
  const found = await findState(read.head, query.manifest, isWanted, context);
  if (found === null) return { head: read.head, manifest: null };
  const reply = { head: read.head, manifest: found.text };
  const downloadUrls = await signDownloads(found.manifest, reply, context);
  return downloadUrls === undefined ? reply : { ...reply, downloadUrls };
};

/** `GET /restore?part=...` */
export const restorePart: Operation<string, Uint8Array> = async (name, { subtree, limits }) => {
  const body = await subtree.readPart(name, limits.partBytesMax);
  if (body === undefined) throw new ContractFailure("not_found", `there is no part ${name}`);
  return body;
};

type IsWanted = (state: { readonly seq: number; readonly time: number }) => boolean;

async function findState(
  head: Head,
  name: string | undefined,
  isWanted: IsWanted | undefined,
  { subtree }: OperationContext,
): Promise<ReadManifest | null> {
  if (name !== undefined) {
    const found = await subtree.findManifest(name);
    if (found === undefined) throw new ContractFailure("not_found", `there is no manifest ${name}`);
    return found;
  }
  if (head.manifest === null) {
    if (isWanted === undefined) return null;
    throw new ContractFailure("not_found", "nothing was pushed yet", { head });
  }
  const newest = await subtree.readManifest(head.manifest);
  if (isWanted === undefined || isWanted(newest.manifest)) return newest;
  const point = newest.manifest.history.find(isWanted);
  if (point !== undefined) return subtree.readManifest(point.manifest);
  const oldest = newest.manifest.history.at(-1) ?? newest.manifest;
  const message = `the oldest state that is kept is push ${oldest.seq}, of ${new Date(oldest.time).toISOString()}`;
  throw new ContractFailure("not_found", message, { head });
}

/** Digits are a push's number, anything else is a time; a state at or before it is wanted. */
function readPointInTime(at: string): IsWanted {
  if (/^\d{1,15}$/.test(at)) return ({ seq }) => seq <= Number(at);
  const wantedMs = isoTime.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(wantedMs)) {
    throw new ContractFailure("bad_request", "at is a push's number or an ISO 8601 time with its zone");
  }
  return ({ time }) => time <= wantedMs;
}

async function signDownloads(
  manifest: Manifest,
  reply: RestoreReply,
  { store, subtree }: OperationContext,
): Promise<Record<string, string> | undefined> {
  if (store.presignGet === undefined) return undefined;
  const urls: Record<string, string> = {};
  let bytes = Buffer.byteLength(JSON.stringify(reply));
  // Parts that stand in lists come through the function, as the URLs of all of them would be too many.
  for (const name of [...partsOf(manifest).keys()].slice(0, downloadUrlsMax)) {
    const url = await store.presignGet(layout.part(subtree.subtree, name));
    bytes += name.length + url.length + jsonBytesPerUrl;
    if (bytes > replyBytesMax) break;
    urls[name] = url;
  }
  return urls;
}
