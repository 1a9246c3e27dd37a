import { isDeepStrictEqual } from "node:util";
import type { Problem } from "@weftkit/http";
import type { Database, SlicedWork } from "@weftkit/store";
import type { ApiContext } from "../api/context.ts";
import { documentExists, tooManyLinks } from "../problems.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import {
  documentOfRow,
  findDocument,
  requireDocument,
  type StoredDocument,
  textOf,
} from "../storage/documents.ts";
import { moveDocument, type WriteOptions, writeDocument } from "../storage/write-document.ts";
import type { PreparedDocument } from "../text/prepare.ts";
import { textWork } from "../text/text-work.ts";
import { linksTo } from "./backlinks.ts";
import type { RenamePlan } from "./rename-plan.ts";
import { documentNamed } from "./resolve.ts";
import { baseName, linkKey, wikiKey } from "./target.ts";

/** All of them are written in one transaction, for which other writes wait. */
const sourcesMax = 1000;
const linksMax = 20_000;
const bytesMax = 32 * 1024 ** 2;
/** Texts that are on the way to the workers at once. */
const preparedAtOnce = 8;
/** When documents still change between their reading and the transaction, those are read again inside of it. */
const attemptsMax = 3;

export interface RenameRequest {
  readonly collection: string;
  readonly id: string;
  /** Another id than `id`. */
  readonly to: string;
  readonly author: string;
  /** @throws Problem when the document is not what the client expects. */
  check(document: StoredDocument): void;
}

export interface Renamed {
  readonly collection: Collection;
  readonly document: StoredDocument;
  /** How many other documents have got a new version because their links were rewritten. */
  readonly relinked: number;
}

/**
 * Gives a document another id, and rewrites what links to it by its old one, in one transaction. The texts are made
 * before it, by the workers; those of documents that have changed since then are made again.
 *
 * @throws Problem `collection-not-found`, `document-not-found`, `document-exists`, `too-many-links`,
 * `document-too-large`
 */
export async function renameDocument(
  api: ApiContext,
  request: RenameRequest,
  signal: AbortSignal,
): Promise<Renamed> {
  let texts = new RenamedTexts();
  for (let attempt = 1; attempt < attemptsMax; attempt++) {
    const state = await api.store.read((db) => readRename(db, request), { signal });
    if (!isDeepStrictEqual(texts.basis, state.basis)) texts = new RenamedTexts(state.basis);
    await prepareTexts(api, state, texts, signal);
    const done = await api.writeInSlices(function* (db) {
      const now = readRename(db, request);
      const isReady =
        isDeepStrictEqual(texts.basis, now.basis) &&
        [now.document, ...now.sources].every((source) => texts.of(source) !== undefined);
      return isReady ? yield* commit(api, db, now, texts, request.author) : undefined;
    }, signal);
    if (done !== undefined) return done;
  }
  return api.writeInSlices(function* (db) {
    const now = readRename(db, request);
    const ready = isDeepStrictEqual(texts.basis, now.basis) ? texts : new RenamedTexts(now.basis);
    for (const source of [now.document, ...now.sources]) {
      if (ready.of(source) === undefined) {
        ready.set(source, textWork.rename(workOf(api, now.basis, source, textOf(db, source))));
        yield;
      }
    }
    return yield* commit(api, db, now, ready, request.author);
  }, signal);
}

/** All that new texts depend on beside the texts. */
interface RenameBasis {
  readonly plan: RenamePlan;
  /** By the row of a document: what is written in it as a path to the renamed one. */
  readonly targets: ReadonlyMap<number, readonly string[]>;
}

/** What a rename has to do, as things are now. */
interface RenameState {
  readonly collection: Collection;
  readonly document: StoredDocument;
  readonly basis: RenameBasis;
  /** The other documents whose text names the document by its id. */
  readonly sources: readonly StoredDocument[];
}

/** New texts, each of one version of a document. */
class RenamedTexts {
  readonly basis: RenameBasis | undefined;
  readonly #ready = new Map<number, { readonly version: number; readonly prepared: PreparedDocument }>();

  constructor(basis?: RenameBasis) {
    this.basis = basis;
  }

  of({ row, version }: StoredDocument): PreparedDocument | undefined {
    const ready = this.#ready.get(row);
    return ready?.version === version ? ready.prepared : undefined;
  }

  set({ row, version }: StoredDocument, prepared: PreparedDocument): void {
    this.#ready.set(row, { version, prepared });
  }
}

function readRename(db: Database, { collection: name, id, to, check }: RenameRequest): RenameState {
  const collection = requireCollection(db, name);
  const document = requireDocument(db, collection, id);
  check(document);
  const taken = findDocument(db, collection, to);
  if (taken !== undefined && taken.row !== document.row) {
    const where = taken.deletedAt === null ? "" : " in the trash; purge it first, or restore it";
    throw documentExists(`there is a document ${to} already${where}`);
  }
  const plan: RenamePlan = {
    id,
    to,
    names: namesOf(db, collection, document, to),
  };
  const { sources, targets } = sourcesOf(db, collection, document, plan);
  return { collection, document, basis: { plan, targets }, sources };
}

/** The names in wiki links that mean the document by its id, and what stands in their place afterwards. */
function namesOf(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  to: string,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const key of [linkKey(document.id), linkKey(baseName(document.id))]) {
    const found = documentNamed(db, collection, key);
    if (found?.row !== document.row || found.by === "title") continue;
    names.set(key, found.by === "id" ? to : shortName(db, collection, document, to));
  }
  return names;
}

/** A short name stays short where it then means no other document. */
function shortName(db: Database, collection: Collection, document: StoredDocument, to: string): string {
  const short = baseName(to);
  const meant = documentNamed(db, collection, linkKey(short));
  return meant === undefined || meant.row === document.row ? short : to;
}

/** The documents that name the document by its id, and the paths that are written in each of them. */
function sourcesOf(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  plan: RenamePlan,
): { sources: StoredDocument[]; targets: Map<number, string[]> } {
  const links = linksTo(db, collection, document, linksMax + 1).filter(
    ({ kind, target }) => kind !== "wiki" || plan.names.has(wikiKey(target)),
  );
  if (links.length > linksMax) throw tooMany(document, `more than ${linksMax} links lead`);
  const targets = new Map<number, string[]>();
  for (const { source, kind, target } of links) {
    const paths = targets.get(source) ?? [];
    if (kind !== "wiki" && !paths.includes(target)) paths.push(target);
    targets.set(source, paths);
  }
  const rows = new Set(targets.keys());
  rows.delete(document.row);
  if (rows.size > sourcesMax) throw tooMany(document, `more than ${sourcesMax} documents link`);
  const sources = [...rows].map((row) => documentOfRow(db, row));
  const bytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes > bytesMax) throw tooMany(document, `documents of more than ${bytesMax / 1024 ** 2} MB link`);
  return { sources, targets };
}

function tooMany({ id, title }: StoredDocument, what: string): Problem {
  return tooManyLinks(`${what} to ${id}; link to a title ([[${title}]]), or keep the id`);
}

async function prepareTexts(
  api: ApiContext,
  { document, sources, basis }: RenameState,
  texts: RenamedTexts,
  signal: AbortSignal,
): Promise<void> {
  const missing = [document, ...sources].filter((source) => texts.of(source) === undefined);
  for (let start = 0; start < missing.length; start += preparedAtOnce) {
    const some = missing.slice(start, start + preparedAtOnce);
    await Promise.all(
      some.map(async (source) => {
        const text: string | undefined = await api.store.read((db) => textOf(db, source), { signal });
        // That version may be gone: then there is a newer one, which the transaction will find missing.
        if (text === undefined) return;
        const work = workOf(api, basis, source, text);
        texts.set(source, await api.texts.runAside("rename", work, text.length, signal));
      }),
    );
  }
}

function workOf(api: ApiContext, { plan, targets }: RenameBasis, { row, id }: StoredDocument, text: string) {
  return { plan, id, text, targets: targets.get(row) ?? [], bytesMax: api.limits.documentBytesMax };
}

function* commit(
  api: ApiContext,
  db: Database,
  { collection, document, sources }: RenameState,
  texts: RenamedTexts,
  author: string,
): SlicedWork<Renamed> {
  const options: WriteOptions = { at: Date.now(), author, versionsMax: api.limits.versionsMax };
  const moved = yield* moveDocument(db, collection, document, texts.of(document)!, options);
  for (const source of sources) {
    yield* writeDocument(db, collection, texts.of(source)!, { ...options, action: "relinked" });
  }
  return { collection, document: moved, relinked: sources.length };
}
