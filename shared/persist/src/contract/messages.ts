/** What the function keeps about a subtree in `<subtree>/head`; changed by compare-and-swap only. */
export interface Head {
  readonly version: 1;
  /** Counts the owners: each claim of the lease is one more. */
  readonly epoch: number;
  /** Who claimed or renewed last: an identifier that no two processes share, and that each renewal may change. */
  readonly owner: string;
  /** Unix time in milliseconds, by the function's clock; 0 when the lease was released. */
  readonly leaseUntil: number;
  /** The last push; 0 when there was none yet. */
  readonly seq: number;
  /** SHA-256 of the last push's manifest; null when there was none yet. */
  readonly manifest: string | null;
  /** Unix time in milliseconds of the last push, by the function's clock; 0 when there was none yet. */
  readonly time: number;
  /** Who has asked the owner for its place, and until when that counts, by the function's clock. */
  readonly successor?: { readonly owner: string; readonly until: number };
}

/** The revision of the contract that this code speaks; a lease's reply says the function's. */
export const contractRevision = 2;

/** What the function accepts; an engine stays below. */
export interface Limits {
  /** The longest part. */
  readonly partBytesMax: number;
  /** The longest JSON body, a manifest's commit included. */
  readonly requestBytesMax: number;
  /** How long a lease holds without being renewed. */
  readonly leaseMs: number;
}

/** `POST /lease`: become, stay or cease to be the one that may push to a subtree. */
export type LeaseRequest =
  | {
      readonly action: "claim";
      readonly owner: string;
      /** Owners that the asking volume was before, at most 8: a lease of theirs is not waited for. */
      readonly known?: readonly string[];
      /** What the volume knows of the head: used where that is lost or damaged in the store. */
      readonly lost?: LostHead;
      /** Asks the owner of a lease that holds for its place. */
      readonly handover?: true;
    }
  | {
      readonly action: "renew";
      readonly owner: string;
      readonly epoch: number;
      /** Who the owner is from now on: whoever has a copy of the identifier before is not the owner. */
      readonly next?: string;
    }
  | { readonly action: "release"; readonly owner: string; readonly epoch: number };

export const knownOwnersMax = 8;

/** The last push that was confirmed. */
export interface LostHead {
  readonly epoch: number;
  readonly seq: number;
  readonly manifest: string;
}

export interface LeaseReply {
  readonly epoch: number;
  readonly leaseUntil: number;
  readonly head: Head;
  readonly limits: Limits;
  /** Unix time in milliseconds. */
  readonly serverTime: number;
  /** Of the contract that the function speaks; 1 where it does not say. */
  readonly revision: number;
}

/** `POST /persist?action=begin`: which of these parts are not stored yet? */
export interface BeginRequest {
  readonly parts: readonly string[];
  /** Asks that what is stored of them is read and held against its name: what is damaged counts as missing. */
  readonly verify?: true;
}

export interface BeginReply {
  /** Parts to send. */
  readonly missing: readonly string[];
  /** Where to PUT a missing part directly, when the store can sign URLs; else the part goes through the function. */
  readonly uploadUrls?: Readonly<Record<string, UploadUrl>>;
  readonly limits: Limits;
}

/** A URL that takes one part for a while, and what must be sent with it for the store to check what it takes. */
export interface UploadUrl {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `POST /persist?action=part&sha256=...`: the raw bytes are the body. */
export interface PartReply {
  readonly sha256: string;
  readonly bytes: number;
}

/** `POST /persist?action=commit`: epoch, seq and previous manifest are in the signed headers. */
export interface CommitRequest {
  /** The manifest's exact text: its SHA-256 is its name. */
  readonly manifest: string;
  /**
   * Parts that the new state needs besides those that its manifest names, at most 10,000: those of the blobs that its
   * index adds. The commit is refused while one is missing.
   */
  readonly required?: readonly string[];
  /** The text of the manifest before, which is stored again where it was lost or damaged. */
  readonly previous?: string;
}

export interface CommitReply {
  readonly head: Head;
}

/** `POST /persist?action=prune`: delete these, where no kept manifest names them. */
export interface PruneRequest {
  readonly manifests: readonly string[];
  readonly parts: readonly string[];
}

export interface PruneReply {
  /** How many of those asked for are not stored any more; what was not stored before counts too. */
  readonly deleted: number;
  /** Not deleted: named by the head's manifest or by one that it keeps, or too young to be deleted safely. */
  readonly kept: readonly string[];
}

/**
 * `GET /restore`, `GET /restore?at=SEQ|TIME` (a sequence number, or an ISO 8601 time), `GET /restore?manifest=SHA`.
 * Parts come from `GET /restore?part=SHA` or, when the store can sign URLs, from `downloadUrls`.
 */
export interface RestoreReply {
  readonly head: Head;
  /** The manifest's exact text; null when nothing was pushed yet. */
  readonly manifest: string | null;
  readonly downloadUrls?: Readonly<Record<string, string>>;
}

/** Every error of the contract with its HTTP status and whether the same request may succeed later. */
export const contractErrors = {
  bad_request: { status: 400, retryable: false },
  bad_signature: { status: 401, retryable: false },
  clock_skew: { status: 401, retryable: true },
  not_found: { status: 404, retryable: false },
  lease_held: { status: 409, retryable: true },
  head_moved: { status: 409, retryable: false },
  missing_parts: { status: 409, retryable: true },
  fenced: { status: 410, retryable: false },
  too_large: { status: 413, retryable: false },
  hash_mismatch: { status: 422, retryable: true },
  damaged: { status: 500, retryable: false },
  too_many_requests: { status: 429, retryable: true },
  store_failed: { status: 502, retryable: true },
  unavailable: { status: 503, retryable: true },
} as const;

export type ContractErrorCode = keyof typeof contractErrors;

/** The body of every reply that is not a success. */
export interface ErrorReply {
  readonly code: ContractErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  /** Unix time in milliseconds. */
  readonly serverTime: number;
  readonly limits?: Limits;
  /** With `missing_parts`: which. */
  readonly missing?: readonly string[];
  /** With `lease_held`, `head_moved` and `fenced`: what the head says. */
  readonly head?: Head;
}
