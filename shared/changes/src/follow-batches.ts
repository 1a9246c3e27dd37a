import type { Change, ChangeBatch, FollowOptions, Position, ReadLimits } from "./types.ts";
import type { Waking } from "./waking.ts";

/** What is followed. */
export interface FollowedLog {
  /** Wakes when there may be more to read. */
  readonly waking: Waking;
  read(after: Position, limits: ReadLimits): Promise<readonly ChangeBatch[]>;
  /** For heartbeats: of the newest commit. */
  stamp(): bigint;
}

const heartbeatMsDefault = 10_000;

/** `ChangeLog.follow`, for logs that can be read and say when there is more. */
export async function* followBatches(
  log: FollowedLog,
  after: Position,
  signal: AbortSignal,
  options: FollowOptions = {},
): AsyncGenerator<ChangeBatch> {
  const { heartbeatMs = heartbeatMsDefault } = options;
  let at = after;
  let saidMs = performance.now();
  while (!signal.aborted && !log.waking.isClosed) {
    const { generation } = log.waking;
    const batches = await log.read(at, options);
    for (const batch of batches) {
      at = batch.position;
      const changes = batch.changes.filter((change) => isWanted(change, options));
      if (changes.length === 0 && batch.changes.length > 0) continue;
      yield { ...batch, changes };
      saidMs = performance.now();
    }
    const quietMs = performance.now() - saidMs;
    if (quietMs >= heartbeatMs) {
      yield { position: at, atMs: Date.now(), stamp: log.stamp(), origin: "local", changes: [] };
      saidMs = performance.now();
    } else if (batches.length === 0) {
      await log.waking.after(generation, heartbeatMs - quietMs, signal);
    }
  }
}

function isWanted({ namespace }: Change, { namespaces, allows }: FollowOptions): boolean {
  return (namespaces?.includes(namespace) ?? true) && (allows?.(namespace) ?? true);
}
