import type { IncomingMessage, ServerResponse } from "node:http";
import { systemClock, WeftkitError } from "@weftkit/core";
import type { SnapshotHeader } from "@weftkit/persist/snapshot";
import type { Restored, Snapshots } from "./snapshots.ts";

/** `POST /v1/snapshot`: the engine's whole state as it is now, as a file. */
export const snapshotPath = "/v1/snapshot";
/** `POST /v1/restore`, the file as the body: its state takes the place of the engine's, when all of it has come. */
export const restorePath = "/v1/restore";

export type SnapshotOperations = Pick<Snapshots<never>, "write" | "restore">;

/** A client that sends or takes nothing for so long is given up. */
const idleMsMax = 60_000;
const lingerMs = 2000;

const titles: Readonly<Record<string, readonly [status: number, title: string]>> = {
  not_supported: [501, "This engine has no snapshots"],
  snapshot_damaged: [400, "The snapshot is damaged"],
  snapshot_of_another_engine: [409, "The snapshot is of another engine"],
  snapshot_newer: [409, "A later version has written the snapshot"],
  restore_failed: [422, "The engine cannot start with this state"],
  disk_full: [507, "The volume is full"],
};

export async function sendSnapshot(
  snapshots: SnapshotOperations | undefined,
  response: ServerResponse,
): Promise<void> {
  response.setTimeout(idleMsMax, () => response.destroy());
  try {
    await requireSnapshots(snapshots).write(response, (header) => {
      response.writeHead(200, {
        "content-type": "application/vnd.weftkit.snapshot",
        "content-disposition": `attachment; filename="${fileNameOf(header)}"`,
        "cache-control": "no-store",
      });
    });
  } catch (error) {
    // What was sent of the file is without its checksum: nobody takes it for whole.
    if (response.headersSent) response.destroy();
    else sendProblem(response, error);
  }
}

export async function restoreSnapshot(
  snapshots: SnapshotOperations | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.setTimeout(idleMsMax, () => request.destroy());
  // Not ended by whoever stops reading: that would end the connection before it is told why.
  const pieces = request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let restored: Restored;
  try {
    restored = await requireSnapshots(snapshots).restore({
      [Symbol.asyncIterator]: () => ({ next: () => pieces.next() }),
    });
  } catch (error) {
    response.setHeader("connection", "close");
    await drop(pieces);
    sendProblem(response, error);
    return;
  }
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify({ restored })}\n`);
}

/** What a refused client still sends is read for a moment, or it might not hear why it was refused. */
async function drop(pieces: AsyncIterator<Uint8Array>): Promise<void> {
  const endsAtMs = systemClock.monotonicMs() + lingerMs;
  try {
    while (systemClock.monotonicMs() < endsAtMs && (await pieces.next()).done !== true);
  } catch {
    // It is gone: there is nobody to be told.
  }
}

function requireSnapshots(snapshots: SnapshotOperations | undefined): SnapshotOperations {
  if (snapshots === undefined) throw new WeftkitError("not_supported", "this image keeps no state");
  return snapshots;
}

function sendProblem(response: ServerResponse, error: unknown): void {
  const detail = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const [status, title] = titles[code] ?? [500, "The snapshot could not be handled"];
  response.writeHead(status, { "content-type": "application/problem+json", "cache-control": "no-store" });
  response.end(`${JSON.stringify({ type: "about:blank", title, status, detail, code })}\n`);
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === "ENOSPC" || code === "EDQUOT") return "disk_full";
  return error instanceof WeftkitError ? error.code : "internal";
}

function fileNameOf({ engine, createdAt }: SnapshotHeader): string {
  return `${engine}-${createdAt.replaceAll(":", "-")}.wksn`;
}
