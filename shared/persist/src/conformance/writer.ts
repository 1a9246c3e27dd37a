import { randomBytes } from "node:crypto";
import type { Manifest, Part, PartList, RestorePoint } from "../contract/manifest.ts";
import type { Head, LeaseReply } from "../contract/messages.ts";
import {
  readBeginReply,
  readCommitReply,
  readLeaseReply,
  readPartReply,
  readPruneReply,
  readRestoreReply,
} from "../contract/parse-messages.ts";
import { sha256 } from "../contract/signing.ts";
import { type Probe, type ProbeReply, success } from "./probe.ts";

/** A manifest's text and its name. */
export interface Push {
  readonly text: string;
  readonly sha256: string;
  readonly manifest: Manifest;
}

/** What a push is made of, where it is not the usual. */
export interface PushOptions {
  readonly parts?: readonly Part[];
  /** Where the parts stand instead of in the manifest. */
  readonly partLists?: readonly PartList[];
  readonly history?: readonly RestorePoint[];
  readonly previous?: string | null;
  readonly seq?: number;
  readonly epoch?: number;
  readonly time?: number;
}

/** An engine that pushes to the probe's subtree, one step at a time. */
export class Writer {
  readonly probe: Probe;
  readonly owner: string;
  epoch = 0;
  seq = 0;
  previous: string | null = null;

  constructor(probe: Probe, owner = `owner-${randomBytes(4).toString("hex")}`) {
    this.probe = probe;
    this.owner = owner;
  }

  lease(body: unknown, epoch = 0): Promise<ProbeReply> {
    return this.probe.send({ path: "/lease", body, fields: { epoch } });
  }

  async claim(): Promise<LeaseReply> {
    const reply = success(
      "a claim",
      await this.lease({ action: "claim", owner: this.owner }),
      readLeaseReply,
    );
    this.epoch = reply.epoch;
    return reply;
  }

  renew(epoch = this.epoch): Promise<ProbeReply> {
    return this.lease({ action: "renew", owner: this.owner, epoch }, epoch);
  }

  release(epoch = this.epoch): Promise<ProbeReply> {
    return this.lease({ action: "release", owner: this.owner, epoch }, epoch);
  }

  persist(
    action: string,
    body: unknown,
    fields: { epoch?: number; seq?: number; prev?: string | null } = {},
  ) {
    const query = { action };
    return this.probe.send({ path: "/persist", query, body, fields: { epoch: this.epoch, ...fields } });
  }

  async begin(parts: readonly string[]) {
    return success("begin", await this.persist("begin", { parts }), readBeginReply);
  }

  sendPart(body: Uint8Array, name = sha256(body)): Promise<ProbeReply> {
    const query = { action: "part", sha256: name };
    return this.probe.send({ path: "/persist", query, body, fields: { epoch: this.epoch } });
  }

  /** Uploads a part of random bytes, or of these. */
  async part(body: Uint8Array = randomBytes(100)): Promise<Part> {
    const reply = success("a part", await this.sendPart(body), readPartReply);
    return { sha256: reply.sha256, bytes: body.length };
  }

  /** The next push, of a base made of these parts. */
  push(options: PushOptions = {}): Push {
    const {
      parts = [],
      history = [],
      previous = this.previous,
      seq = this.seq + 1,
      epoch = this.epoch,
    } = options;
    const time = options.time ?? Date.now();
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const piece = {
      kind: "base",
      seqFrom: seq,
      seqTo: seq,
      time,
      bytes,
      sha256: sha256(`piece ${seq}`),
      ...(options.partLists === undefined ? { parts } : { parts: [], partLists: options.partLists }),
    } as const;
    const manifest: Manifest = {
      version: 1,
      subtree: this.probe.subtree,
      engine: "check",
      epoch,
      seq,
      time,
      previous,
      streams: { data: { kind: "blobs", pieces: [piece] } },
      history,
      dropped: [],
    };
    const text = JSON.stringify(manifest);
    return { text, sha256: sha256(text), manifest };
  }

  sendCommit(
    { text, manifest: { epoch, seq, previous: prev } }: Push,
    required?: readonly unknown[],
  ): Promise<ProbeReply> {
    const body = { manifest: text, ...(required !== undefined && { required }) };
    return this.persist("commit", body, { epoch, seq, prev });
  }

  /** Commits a push, which is then the one before the next. */
  async commit(push: Push): Promise<Head> {
    const { head } = success("a commit", await this.sendCommit(push), readCommitReply);
    this.seq = push.manifest.seq;
    this.previous = push.sha256;
    return head;
  }

  /** Uploads one part and commits a state of it alone that keeps these earlier ones. */
  async pushPart(history: readonly RestorePoint[] = [], time?: number): Promise<{ push: Push; part: Part }> {
    const part = await this.part();
    const push = this.push({ parts: [part], history, ...(time !== undefined && { time }) });
    await this.commit(push);
    return { push, part };
  }

  sendRestore(query: Readonly<Record<string, string>> = {}): Promise<ProbeReply> {
    return this.probe.send({ method: "GET", path: "/restore", query });
  }

  async restore(query: Readonly<Record<string, string>> = {}) {
    return success("a restore", await this.sendRestore(query), readRestoreReply);
  }

  async prune(manifests: readonly string[], parts: readonly string[]) {
    return success("a prune", await this.persist("prune", { manifests, parts }), readPruneReply);
  }
}

/** How a later push names this one in its history. */
export function restorePoint({ sha256: manifest, manifest: { seq, time } }: Push): RestorePoint {
  return { seq, time, manifest };
}
