import type { Manifest } from "../contract/manifest.ts";
import type { CommitReply, CommitRequest, Head } from "../contract/messages.ts";
import { parseManifest, partsOf } from "../contract/parse-manifest.ts";
import { namesMax } from "../contract/parse-messages.ts";
import { readPartList } from "../contract/part-lists.ts";
import { sha256 } from "../contract/signing.ts";
import { changeHead } from "./change-head.ts";
import { ContractFailure } from "./contract-failure.ts";
import { type Operation, type OperationContext, requireEpoch } from "./operation.ts";

/**
 * `POST /persist?action=commit`: the swap of the head. Everything that the new head names is in the store before it,
 * so that whoever reads a head can restore it.
 */
export const commit: Operation<CommitRequest, CommitReply> = async (request, context) => {
  const { manifest: text, required = [] } = request;
  const { subtree, clock } = context;
  const manifest = parseManifest(text);
  const name = sha256(text);
  requireAgreement(manifest, context);
  let isStored = false;
  const head = await changeHead(subtree, async (before) => {
    // An earlier attempt has succeeded, and its reply was lost.
    if (before?.manifest === name) return before;
    const head = requireNext(before, manifest);
    if (!isStored) {
      if (request.previous !== undefined) await restorePrevious(request.previous, manifest, context);
      await requireParts(manifest, required, context);
      await subtree.writeManifest(name, text);
      isStored = true;
    }
    return { ...head, seq: manifest.seq, manifest: name, time: clock.wallMs() };
  });
  return { head };
};

function requireAgreement(manifest: Manifest, { fields, limits }: OperationContext): void {
  const pairs = {
    subtree: [manifest.subtree, fields.subtree],
    epoch: [manifest.epoch, fields.epoch],
    seq: [manifest.seq, fields.seq],
    previous: [manifest.previous, fields.prev],
  };
  for (const [name, [inManifest, inHeader]] of Object.entries(pairs)) {
    if (inManifest === inHeader) continue;
    throw new ContractFailure("bad_request", `the manifest's ${name} is not the one in the header`);
  }
  for (const bytes of partsOf(manifest).values()) {
    if (bytes <= limits.partBytesMax) continue;
    throw new ContractFailure("too_large", `a part of ${bytes} bytes is longer than the limit`, { limits });
  }
}

/** The head that the manifest may follow. */
function requireNext(head: Head | undefined, manifest: Manifest): Head {
  if (head === undefined) {
    throw new ContractFailure("head_moved", "nobody has claimed this subtree; claim the lease first");
  }
  requireEpoch(head, manifest.epoch);
  if (head.manifest !== manifest.previous) {
    const message = `the head is push ${head.seq}, manifest ${head.manifest}; push ${manifest.seq} follows another`;
    throw new ContractFailure("head_moved", message, { head });
  }
  // Numbers may be left out: captures that waited for an outage to end are superseded by one that came after them.
  if (manifest.seq <= head.seq) {
    throw new ContractFailure("bad_request", `push ${head.seq} is followed by a higher number`, { head });
  }
  return head;
}

/** Stores the manifest before again, where it was lost. */
async function restorePrevious(
  text: string,
  { previous }: Manifest,
  { subtree }: OperationContext,
): Promise<void> {
  if (previous === null || sha256(text) !== previous) {
    throw new ContractFailure("bad_request", "the text that is sent as the previous manifest's is another's");
  }
  parseManifest(text);
  await subtree.writeManifest(previous, text);
}

/** Holds the manifest against the one before it, and what it needs against what is stored. */
async function requireParts(
  manifest: Manifest,
  required: readonly string[],
  { subtree, limits, ages, clock }: OperationContext,
): Promise<void> {
  // Of what only an index names, the length is not known here; the name is the hash that it was stored by.
  const parts = new Map<string, number | undefined>(required.map((name) => [name, undefined]));
  for (const [name, bytes] of partsOf(manifest)) parts.set(name, bytes);
  if (manifest.previous === null) {
    if (manifest.history.length > 0) throw unknownHistory();
  } else {
    const { manifest: previous } = await subtree.readManifest(manifest.previous);
    requireHistory(manifest, previous);
    for (const name of partsOf(previous).keys()) parts.delete(name);
  }
  // Lists that the manifest before has are known to be whole with what they name.
  const newLists = Object.values(manifest.streams)
    .flatMap(({ pieces }) => pieces)
    .flatMap(({ partLists = [] }) => partLists)
    .filter(({ sha256: name }) => parts.has(name));
  for (const list of newLists) {
    const body = await subtree.readPart(list.sha256, limits.partBytesMax);
    // A list that is not there is found missing below.
    for (const part of body === undefined ? [] : readPartList(list, body)) {
      if (part.bytes > limits.partBytesMax) {
        throw new ContractFailure("too_large", `a part of ${part.bytes} bytes is longer than the limit`, {
          limits,
        });
      }
      parts.set(part.sha256, part.bytes);
    }
  }
  const stored = await subtree.partFacts(parts.keys());
  const reusableSinceMs = clock.wallMs() - ages.reuseWithinMs;
  const missing = [...parts].flatMap(([name, bytes]) => {
    const facts = stored.get(name);
    const isStored = facts !== undefined && (bytes === undefined || facts.bytes === bytes);
    return isStored && facts.modifiedMs >= reusableSinceMs ? [] : [name];
  });
  if (missing.length === 0) return;
  throw new ContractFailure(
    "missing_parts",
    `${missing.length} parts are not stored; upload them, then commit`,
    {
      missing: missing.slice(0, namesMax),
    },
  );
}

/** What is kept can only be what was kept before, or the state before: nothing else is known to be whole. */
function requireHistory(manifest: Manifest, previous: Manifest): void {
  const known = new Map(previous.history.map((point) => [point.manifest, point.seq]));
  known.set(manifest.previous!, previous.seq);
  if (manifest.history.some((point) => known.get(point.manifest) !== point.seq)) throw unknownHistory();
}

function unknownHistory(): ContractFailure {
  return new ContractFailure(
    "bad_request",
    "the history names a state that the previous manifest does not keep",
  );
}
