import { randomBytes } from "node:crypto";
import { type BigIntStats, readFileSync, statSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { syncFolder } from "@weftkit/core";
import { isOwner } from "../contract/names.ts";

const hostLengthMax = 60;

/** Which owners the volume was last: what the head may name after a crash. */
interface OwnersFile {
  readonly version: 2;
  readonly owners: readonly string[];
  /** Of the file itself: those of a copy differ. */
  readonly inode: string;
  /** Null where the file system does not keep it. */
  readonly born: string | null;
}

export function ownersPath(dataDir: string): string {
  return join(dataDir, "persist-owner");
}

/** A name that no other process has, and none has had: the host, for people, and a random part. */
export function newOwner(): string {
  const host = hostname()
    .replaceAll(/[^\x21-\x7e]|:/g, "-")
    .slice(0, hostLengthMax);
  return `${host}:${randomBytes(16).toString("base64url")}`;
}

/** The part of an owner's name that says where it runs. */
export function hostOf(owner: string): string {
  return owner.split(":", 1)[0]!;
}

/**
 * The owners that this volume was last, newest last. None on a copy of the volume: the one that it was copied from may
 * still be running, and then the lease is that one's.
 */
export function readOwners(path: string): readonly string[] {
  let text: string;
  let file: OwnersFile;
  try {
    text = readFileSync(path, "utf8");
    file = JSON.parse(text) as OwnersFile;
  } catch {
    // None yet, or half of one: a lease that was ours is waited for like another's.
    return [];
  }
  const isOurs = file.version === 2 && isIdentity(statSync(path, { bigint: true }), file);
  return isOurs && Array.isArray(file.owners) ? file.owners.filter(isOwner) : [];
}

/** Notes them durably, before the function is told. */
export async function writeOwners(path: string, owners: readonly string[]): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  try {
    const before = await handle.stat({ bigint: true });
    const inode = String(before.ino);
    const write = async (born: string | null) => {
      const file: OwnersFile = { version: 2, owners, inode, born };
      await handle.truncate(0);
      await handle.write(JSON.stringify(file), 0);
      await handle.sync();
    };
    await write(String(before.birthtimeNs));
    // Where a file has no time of birth another one stands for it, which changes.
    const after = await handle.stat({ bigint: true });
    if (after.birthtimeNs !== before.birthtimeNs) await write(null);
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

function isIdentity({ ino, birthtimeNs }: BigIntStats, { inode, born }: OwnersFile): boolean {
  return inode === String(ino) && (born === null || born === String(birthtimeNs));
}
