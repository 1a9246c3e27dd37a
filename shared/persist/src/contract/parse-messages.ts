import { Fields, malformed, parseJson, sha256Item } from "./json.ts";
import {
  type BeginReply,
  type BeginRequest,
  type CommitReply,
  type CommitRequest,
  type ContractErrorCode,
  contractErrors,
  type ErrorReply,
  type Head,
  knownOwnersMax,
  type LeaseReply,
  type LeaseRequest,
  type Limits,
  type LostHead,
  type PartReply,
  type PruneReply,
  type PruneRequest,
  type RestoreReply,
  type UploadUrl,
} from "./messages.ts";
import { isOwner } from "./names.ts";

/** How many names one request may hold. */
export const namesMax = 10_000;

/** The longest part any function may take: a Lambda request is 6 MB with base64. */
export const partBytesCeiling = 4 * 1024 * 1024;

const urlLengthMax = 8192;
const manifestTextMax = 64 * 1024 * 1024;

/** Each reads one message from outside; all throw WeftkitError `malformed`, naming the field. */
export type MessageReader<Message> = (body: Uint8Array) => Message;

export const readLeaseRequest: MessageReader<LeaseRequest> = (body) => {
  const action = new Fields(parseJson(body, "the body"), "body").oneOf("action", [
    "claim",
    "renew",
    "release",
  ]);
  const fields = new Fields(parseJson(body, "the body"), "body", leaseFields[action]);
  const owner = fields.matching("owner", isOwner, ownerForm);
  if (action === "claim") {
    if (fields.has("handover") && !fields.boolean("handover")) {
      throw malformed("body.handover is true or left out");
    }
    return {
      action,
      owner,
      ...(fields.has("known") && { known: fields.list("known", knownOwnersMax, ownerItem) }),
      ...(fields.has("handover") && { handover: true }),
      ...(fields.has("lost") && { lost: readLostHead(fields.raw("lost"), "body.lost") }),
    };
  }
  const epoch = fields.integer("epoch", 1);
  if (action === "release") return { action, owner, epoch };
  return {
    action,
    owner,
    epoch,
    ...(fields.has("next") && { next: fields.matching("next", isOwner, ownerForm) }),
  };
};

const ownerForm = "1 to 128 printable ASCII characters without spaces";
const leaseFields = {
  claim: ["action", "owner", "epoch", "known", "handover", "lost"],
  renew: ["action", "owner", "epoch", "next"],
  release: ["action", "owner", "epoch"],
} as const;

function ownerItem(value: unknown, place: string): string {
  if (isOwner(value)) return value;
  throw malformed(`${place} must be ${ownerForm}`);
}

export const readBeginRequest: MessageReader<BeginRequest> = (body) => {
  const fields = new Fields(parseJson(body, "the body"), "body", ["parts", "verify"]);
  if (fields.has("verify") && !fields.boolean("verify")) throw malformed("body.verify is true or left out");
  return {
    parts: fields.list("parts", namesMax, sha256Item),
    ...(fields.has("verify") && { verify: true }),
  };
};

export const readCommitRequest: MessageReader<CommitRequest> = (body) => {
  const fields = new Fields(parseJson(body, "the body"), "body", ["manifest", "required", "previous"]);
  return {
    manifest: fields.text("manifest", manifestTextMax),
    ...(fields.has("required") && { required: fields.list("required", namesMax, sha256Item) }),
    ...(fields.has("previous") && { previous: fields.text("previous", manifestTextMax) }),
  };
};

export const readPruneRequest: MessageReader<PruneRequest> = (body) => {
  const fields = new Fields(parseJson(body, "the body"), "body", ["manifests", "parts"]);
  return {
    manifests: fields.list("manifests", namesMax, sha256Item),
    parts: fields.list("parts", namesMax, sha256Item),
  };
};

// Replies may have fields that a newer function added: they are not held against it.

export const readLeaseReply: MessageReader<LeaseReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  return {
    epoch: fields.integer("epoch", 1),
    leaseUntil: fields.integer("leaseUntil", 0),
    head: readHead(fields.raw("head"), "reply.head"),
    limits: readLimits(fields.raw("limits"), "reply.limits"),
    serverTime: fields.integer("serverTime", 0),
    revision: fields.has("revision") ? fields.integer("revision", 1) : 1,
  };
};

export const readBeginReply: MessageReader<BeginReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  const urls = fields.has("uploadUrls")
    ? fields.table("uploadUrls", namesMax, (item, place) => readUploadUrl(item, place))
    : undefined;
  return {
    missing: fields.list("missing", namesMax, sha256Item),
    limits: readLimits(fields.raw("limits"), "reply.limits"),
    ...(urls !== undefined && { uploadUrls: urls }),
  };
};

export const readPartReply: MessageReader<PartReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  return { sha256: fields.sha256("sha256"), bytes: fields.integer("bytes", 0) };
};

export const readCommitReply: MessageReader<CommitReply> = (body) => ({
  head: readHead(new Fields(parseJson(body, "the reply"), "reply").raw("head"), "reply.head"),
});

export const readPruneReply: MessageReader<PruneReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  return { deleted: fields.integer("deleted", 0), kept: fields.list("kept", 2 * namesMax, sha256Item) };
};

export const readRestoreReply: MessageReader<RestoreReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  const urls = fields.has("downloadUrls")
    ? fields.table("downloadUrls", namesMax, (item, place) => readText(item, place, urlLengthMax))
    : undefined;
  return {
    head: readHead(fields.raw("head"), "reply.head"),
    manifest: fields.raw("manifest") === null ? null : fields.text("manifest", manifestTextMax),
    ...(urls !== undefined && { downloadUrls: urls }),
  };
};

export const readErrorReply: MessageReader<ErrorReply> = (body) => {
  const fields = new Fields(parseJson(body, "the reply"), "reply");
  return {
    code: fields.oneOf("code", Object.keys(contractErrors) as ContractErrorCode[]),
    message: fields.text("message", 4096),
    retryable: fields.boolean("retryable"),
    serverTime: fields.integer("serverTime", 0),
    ...(fields.has("limits") && { limits: readLimits(fields.raw("limits"), "reply.limits") }),
    ...(fields.has("missing") && { missing: fields.list("missing", namesMax, sha256Item) }),
    ...(fields.has("head") && { head: readHead(fields.raw("head"), "reply.head") }),
  };
};

/** Reads a head, from the store or out of a reply. */
export function readHead(value: unknown, place: string): Head {
  const fields = new Fields(value, place);
  const head: Head = {
    version: fields.integer("version", 1, 1) as 1,
    epoch: fields.integer("epoch", 1),
    owner: fields.matching("owner", isOwner, ownerForm),
    leaseUntil: fields.integer("leaseUntil", 0),
    seq: fields.integer("seq", 0),
    manifest: fields.sha256OrNull("manifest"),
    time: fields.integer("time", 0),
    ...(fields.has("successor") && {
      successor: readSuccessor(fields.raw("successor"), `${place}.successor`),
    }),
  };
  if ((head.manifest === null) !== (head.seq === 0)) {
    throw malformed(`${place}: seq is 0 as long as manifest is null, and only then`);
  }
  return head;
}

function readLostHead(value: unknown, place: string): LostHead {
  const fields = new Fields(value, place, ["epoch", "seq", "manifest"]);
  return {
    epoch: fields.integer("epoch", 1),
    seq: fields.integer("seq", 1),
    manifest: fields.sha256("manifest"),
  };
}

function readSuccessor(value: unknown, place: string): NonNullable<Head["successor"]> {
  const fields = new Fields(value, place);
  return { owner: fields.matching("owner", isOwner, ownerForm), until: fields.integer("until", 0) };
}

function readLimits(value: unknown, place: string): Limits {
  const fields = new Fields(value, place);
  return {
    partBytesMax: fields.integer("partBytesMax", 1024, partBytesCeiling),
    requestBytesMax: fields.integer("requestBytesMax", 1024),
    leaseMs: fields.integer("leaseMs", 1),
  };
}

function readUploadUrl(value: unknown, place: string): UploadUrl {
  const fields = new Fields(value, place);
  return {
    url: fields.text("url", urlLengthMax),
    headers: fields.table("headers", 32, (item, at) => readText(item, at, 1024)),
  };
}

function readText(value: unknown, place: string, lengthMax: number): string {
  if (typeof value === "string" && value.length <= lengthMax) return value;
  throw malformed(`${place} must be a text of at most ${lengthMax} characters`);
}
