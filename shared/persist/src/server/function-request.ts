/** A request as a platform hands it over, before anything of it is believed. */
export interface FunctionRequest {
  readonly method: string;
  /** As it came; what stands before the route (a stage, a mount point) is the platform's. */
  readonly path: string;
  /** As it came, without "?". */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

export interface FunctionReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
