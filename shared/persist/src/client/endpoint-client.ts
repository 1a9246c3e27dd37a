import { Slots, systemClock, WeftkitError } from "@weftkit/core";
import {
  type Head,
  knownOwnersMax,
  type LeaseReply,
  type LeaseRequest,
  type PruneReply,
  type PruneRequest,
  type RestoreReply,
  type UploadUrl,
} from "../contract/messages.ts";
import { isKeyId, isSubtree } from "../contract/names.ts";
import {
  type MessageReader,
  partBytesCeiling,
  readBeginReply,
  readCommitReply,
  readLeaseReply,
  readPartReply,
  readPruneReply,
  readRestoreReply,
} from "../contract/parse-messages.ts";
import { sha256 } from "../contract/signing.ts";
import { EndpointError } from "./errors.ts";
import { type Connections, HttpConnections } from "./exchange.ts";
import type { ClaimOptions, CommittableManifest, EndpointClientOptions, UploadablePart } from "./options.ts";
import { defaultRetryRule, withRetries } from "./retry.ts";
import { type Call, readAs, SignedCaller } from "./signed-caller.ts";
import { StoreTransfers } from "./store-transfers.ts";
import { Throttle } from "./throttle.ts";
import { parseEndpointUrl } from "./url-rules.ts";

const empty = new Uint8Array(0);
const defaultTimeoutMs = 60_000;
const uploadsMax = 4;
/** Under a bandwidth limit a part's share of it is such that it is sent in this time, if that can be. */
const uploadMsMax = 20_000;
/** So many parts are asked for by one `begin`: its URLs live for a while only. */
const partsPerBegin = 64;
const namesPerPrune = 5000;
const jsonReplyBytesMax = 4 * 1024 * 1024;
/** A manifest of the largest state, and the URLs of its parts. */
const restoreReplyBytesMax = 64 * 1024 * 1024;

/**
 * The engine's side of WKP-1: one subtree of one endpoint. Every call is repeated after a failure that may pass, with
 * growing random waits, until it succeeds, the attempts are used up, or its signal is aborted. All calls are
 * idempotent, so that one whose reply was lost is simply sent again.
 */
export class EndpointClient {
  readonly subtree: string;
  readonly #options: EndpointClientOptions;
  readonly #caller: SignedCaller;
  readonly #connections: Connections;
  readonly #throttle: Throttle | undefined;
  readonly #transfers: StoreTransfers;
  readonly #timeoutMs: number;

  /** @throws WeftkitError `bad_url`, `malformed` (subtree), `bad_key` */
  constructor(options: EndpointClientOptions) {
    const { url, subtree, keys, clock = systemClock, bandwidthBytesPerSecond } = options;
    if (!isSubtree(subtree))
      throw new WeftkitError("malformed", `"${subtree}" is not namespace/engine/replica`);
    if (keys.length === 0 || keys.some(({ id, secret }) => !isKeyId(id) || secret === "")) {
      throw new WeftkitError(
        "bad_key",
        "an endpoint needs at least one signing key, each with an id and a secret",
      );
    }
    this.subtree = subtree;
    this.#options = options;
    this.#connections = options.connections ?? new HttpConnections(options.ca);
    this.#caller = new SignedCaller(parseEndpointUrl(url), subtree, keys, this.#connections, clock);
    this.#throttle =
      bandwidthBytesPerSecond === undefined ? undefined : new Throttle(bandwidthBytesPerSecond, clock);
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#transfers = new StoreTransfers(this.#connections, this.#timeoutMs, options.log);
  }

  /**
   * Becomes the owner of the subtree. A lease of one of `known` is not waited for; with `handover` another owner is asked
   * for its place.
   *
   * @throws EndpointError `lease_held` while another owner's lease holds
   */
  claim(owner: string, { known = [], lost, handover, signal }: ClaimOptions = {}): Promise<LeaseReply> {
    const request = {
      action: "claim",
      owner,
      ...(known.length > 0 && { known: known.slice(-knownOwnersMax) }),
      ...(lost !== undefined && { lost }),
      ...(handover === true && { handover }),
    } as const;
    return this.#lease(request, signal);
  }

  /**
   * Keeps the lease, as `next` from then on.
   *
   * @throws EndpointError `fenced` when the subtree has another owner, or none
   */
  renew(owner: string, epoch: number, next = owner, signal?: AbortSignal): Promise<LeaseReply> {
    const request = { action: "renew", owner, epoch, ...(next !== owner && { next }) } as const;
    return this.#lease(request, signal);
  }

  /** Gives the lease up, so that the next owner need not wait. @throws EndpointError `fenced` */
  release(owner: string, epoch: number, signal?: AbortSignal): Promise<LeaseReply> {
    return this.#lease({ action: "release", owner, epoch }, signal);
  }

  /**
   * Sends those parts that the function does not have, four at a time. Returns how many bytes were sent. With `verify`
   * the function reads those that it has, and takes damaged ones for missing.
   *
   * @throws EndpointError `fenced` when the epoch is not the newest
   */
  async uploadParts(
    parts: readonly UploadablePart[],
    epoch: number,
    { verify = false, signal }: { readonly verify?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<number> {
    const distinct = [...new Map(parts.map((part) => [part.sha256, part])).values()];
    let sentBytes = 0;
    for (let from = 0; from < distinct.length; from += partsPerBegin) {
      const asked = distinct.slice(from, from + partsPerBegin);
      const { missing, uploadUrls = {} } = await this.begin(
        asked.map(({ sha256 }) => sha256),
        epoch,
        verify,
        signal,
      );
      const wanted = new Set(missing);
      const toSend = asked.filter(({ sha256 }) => wanted.has(sha256));
      await this.#uploadAll(toSend, uploadUrls, epoch, signal);
      for (const { bytes } of toSend) sentBytes += bytes;
    }
    return sentBytes;
  }

  /** Asks which of these parts must be sent. @throws EndpointError `fenced` */
  begin(parts: readonly string[], epoch: number, verify = false, signal?: AbortSignal) {
    return this.#persist("begin", { parts, ...(verify && { verify }) }, { epoch }, readBeginReply, signal);
  }

  /** Sends one part: to its URL when there is one, else, or when that fails, through the function. */
  async uploadPart(
    part: UploadablePart,
    url: UploadUrl | undefined,
    epoch: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const body = await part.read();
    const limits = { throttle: this.#throttle, throttledMs: this.#throttledMs(body), signal };
    if (url !== undefined && (await this.#transfers.upload(body, url, limits))) return;
    const target = { method: "POST", path: "/persist", query: { action: "part", sha256: part.sha256 } };
    const bodySha256 = part.sha256;
    const call = this.#call({ target, body, bodySha256, epoch, throttle: this.#throttle, signal });
    await this.#send(call, readPartReply);
  }

  /**
   * Makes the manifest the head, if these parts are stored besides those that it names. Returns when it is, also when
   * an earlier call whose reply was lost made it so.
   *
   * @throws EndpointError `head_moved`, `fenced`, `missing_parts` (`error.reply.missing`: upload them and commit again)
   */
  async commit(
    { manifest, text, sha256: name }: CommittableManifest,
    {
      required = [],
      previous,
      signal,
    }: {
      readonly required?: readonly string[];
      /** The text of the manifest before, where the function may have lost it. */
      readonly previous?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Head> {
    const { epoch, seq, previous: prev } = manifest;
    const { head } = await this.#persist(
      "commit",
      // Left out where nothing is required: a function that does not know the field serves all the others.
      {
        manifest: text,
        ...(required.length > 0 && { required }),
        ...(previous !== undefined && { previous }),
      },
      { epoch, seq, prev },
      readCommitReply,
      signal,
    );
    if (head.manifest === name) return head;
    throw new EndpointError("forged_reply", "the endpoint has confirmed another commit than was asked for");
  }

  /**
   * The newest state, the newest one at or before `at` (a sequence number or an ISO 8601 time), or a certain one.
   * Undefined when the subtree was never claimed; `manifest` is null when nothing was pushed yet.
   *
   * @throws EndpointError `not_found` when there is no state so old, or no such manifest
   */
  async restore(
    which: { readonly at?: string; readonly manifest?: string } = {},
    signal?: AbortSignal,
  ): Promise<RestoreReply | undefined> {
    const { at, manifest } = which;
    const query = { ...(at !== undefined && { at }), ...(manifest !== undefined && { manifest }) };
    const target = { method: "GET", path: "/restore", query };
    const call = this.#call({ target, body: empty, replyBytesMax: restoreReplyBytesMax, signal });
    const reply = await this.#retried(call, (answer) =>
      answer.status === 204 ? undefined : readAs(answer.body, answer.status, readRestoreReply),
    );
    if (reply !== undefined) requireAskedManifest(reply, which);
    return reply;
  }

  /** The bytes of a part, checked against its name: from its URL when there is one, else through the function. */
  async downloadPart(name: string, url?: string, signal?: AbortSignal): Promise<Buffer> {
    const direct = url === undefined ? undefined : await this.#transfers.download(name, url, signal);
    if (direct !== undefined) return direct;
    const target = { method: "GET", path: "/restore", query: { part: name } };
    const call = this.#call({ target, body: empty, replyBytesMax: partBytesCeiling, signal });
    return await this.#retried(call, ({ body, status, sha256 }) => {
      if (sha256 === name) return body;
      // The store's copy is damaged, or was while it was read: another attempt will tell.
      throw new EndpointError("hash_mismatch", `part ${name} came damaged`, { status });
    });
  }

  /** Deletes states and parts that no kept manifest names. @throws EndpointError `fenced` */
  async prune({ manifests, parts }: PruneRequest, epoch: number, signal?: AbortSignal): Promise<PruneReply> {
    let deleted = 0;
    const kept: string[] = [];
    const prune = async (request: PruneRequest) => {
      const reply = await this.#persist("prune", request, { epoch }, readPruneReply, signal);
      deleted += reply.deleted;
      kept.push(...reply.kept);
    };
    // Parts first: a manifest still says which parts there were when this is cut off in between.
    for (const names of chunksOf(parts, namesPerPrune)) await prune({ manifests: [], parts: names });
    for (const names of chunksOf(manifests, namesPerPrune)) await prune({ manifests: names, parts: [] });
    return { deleted, kept };
  }

  /** Closes the connections; calls under way fail. */
  close(): void {
    this.#connections.close();
  }

  #lease(request: LeaseRequest, signal: AbortSignal | undefined): Promise<LeaseReply> {
    const epoch = request.action === "claim" ? 0 : request.epoch;
    const target = { method: "POST", path: "/lease", query: {} };
    return this.#send(this.#call({ target, body: jsonBody(request), epoch, signal }), readLeaseReply);
  }

  #persist<Reply>(
    action: "begin" | "commit" | "prune",
    message: unknown,
    place: { epoch: number; seq?: number; prev?: string | null },
    read: MessageReader<Reply>,
    signal: AbortSignal | undefined,
  ): Promise<Reply> {
    const target = { method: "POST", path: "/persist", query: { action } };
    return this.#send(this.#call({ target, body: jsonBody(message), ...place, signal }), read);
  }

  /** Fills in what most calls have in common. */
  #call(call: Pick<Call, "target" | "body" | "signal"> & Partial<Call>): Call {
    const throttledMs = call.throttle === undefined ? 0 : this.#throttledMs(call.body);
    return {
      epoch: 0,
      seq: 0,
      prev: null,
      timeoutMs: this.#timeoutMs * (call.target.query.action === "commit" ? 2 : 1) + throttledMs,
      replyBytesMax: jsonReplyBytesMax,
      ...call,
    };
  }

  /** How long a body may take because of the bandwidth limit, which all uploads under way share. */
  #throttledMs(body: Uint8Array): number {
    return (this.#throttle?.durationMs(body.length) ?? 0) * uploadsMax;
  }

  /** Fewer under a bandwidth limit: each that is under way must end in time. */
  #uploadsAtOnce(parts: readonly UploadablePart[]): number {
    const longest = Math.max(1, ...parts.map(({ bytes }) => bytes));
    const together = Math.floor(uploadMsMax / (this.#throttle?.durationMs(longest) ?? 0));
    return Math.min(uploadsMax, Math.max(1, together));
  }

  #send<Reply>(call: Call, read: MessageReader<Reply>): Promise<Reply> {
    return this.#retried(call, ({ body, status }) => readAs(body, status, read));
  }

  #retried<Result>(
    call: Call,
    read: (reply: Awaited<ReturnType<SignedCaller["call"]>>) => Result,
  ): Promise<Result> {
    const { log, retry = defaultRetryRule } = this.#options;
    const { path, query } = call.target;
    return withRetries(
      retry,
      async () => read(await this.#caller.call(call)),
      (error, attempts, waitMs) =>
        log?.warn(
          { err: error, path, action: query.action, attempts, waitMs: Math.round(waitMs) },
          "the endpoint did not serve a request; trying again",
        ),
      call.signal,
    );
  }

  async #uploadAll(
    parts: readonly UploadablePart[],
    urls: Readonly<Record<string, UploadUrl>>,
    epoch: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const failed = new AbortController();
    const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
    const slots = new Slots(this.#uploadsAtOnce(parts));
    const upload = async (part: UploadablePart) => {
      either.throwIfAborted();
      await this.uploadPart(part, urls[part.sha256], epoch, either);
    };
    const uploads = parts.map((part) =>
      slots
        .run(() => upload(part))
        .catch((error: unknown) => {
          // The first failure ends the others; nothing of this call goes on when it has returned.
          if (!failed.signal.aborted) failed.abort(error);
        }),
    );
    await Promise.all(uploads);
    either.throwIfAborted();
  }
}

function jsonBody(message: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(message));
}

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** The reply is signed, but a store behind the function may be damaged. */
function requireAskedManifest(
  { head, manifest }: RestoreReply,
  which: { at?: string; manifest?: string },
): void {
  const expected = which.manifest ?? (which.at === undefined ? head.manifest : undefined);
  if (expected === undefined) return;
  const actual = manifest === null ? null : sha256(manifest);
  if (actual === expected) return;
  throw new EndpointError(
    "forged_reply",
    `the manifest that came (${actual}) is not the one asked for (${expected})`,
  );
}
