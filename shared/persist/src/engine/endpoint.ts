import type { ClaimOptions } from "../client/options.ts";
import type { LeaseReply, PruneReply, PruneRequest, RestoreReply } from "../contract/messages.ts";
import type { SendablePart } from "../stream.ts";
import type { LeaseEndpoint } from "./lease-renewer.ts";
import type { NamedManifest } from "./manifest-chain.ts";

/** What the engine's side asks of a function; `EndpointClient` does it over HTTP. */
export interface Endpoint extends LeaseEndpoint {
  claim(owner: string, options?: ClaimOptions): Promise<LeaseReply>;
  /** Sends those parts that the function does not have. Returns how many bytes were sent. */
  uploadParts(
    parts: readonly SendablePart[],
    epoch: number,
    options?: { readonly verify?: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<number>;
  /** Rejects with `missing_parts` also while one of `required` is not stored. */
  commit(
    manifest: NamedManifest,
    options?: {
      readonly required?: readonly string[];
      readonly previous?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<unknown>;
  /** Undefined when nothing was ever pushed. */
  restore(which: { at?: string; manifest?: string }, signal?: AbortSignal): Promise<RestoreReply | undefined>;
  /** The bytes of a part, checked against its name. */
  downloadPart(sha256: string, url: string | undefined, signal?: AbortSignal): Promise<Uint8Array>;
  prune(request: PruneRequest, epoch: number, signal?: AbortSignal): Promise<PruneReply>;
  /** Closes the connections; who has connected does so at the end. */
  close(): void;
}
