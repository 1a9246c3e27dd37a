import { spawnSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

function run(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Whether this process may mount volumes, which the tests of failing disks need. */
export const canMount = process.platform === "linux" && process.getuid?.() === 0 && tryMount();

/** In containers root is often not enough. */
function tryMount(): boolean {
  const folder = "/mnt";
  return run("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", folder);
}

export interface Volume {
  readonly folder: string;
  /** What an ext4 volume does after an error: the kernel makes it read-only under the open files. */
  makeReadOnly(): void;
  /** Cuts the power: nothing that is not on the disk by now will ever be; then starts the machine again. */
  unplug(): void;
  plugIn(): void;
}

/** A small volume in memory, unmounted when the test has ended. */
export function memoryVolume(bytes: number): string {
  const folder = temporaryFolder();
  if (!run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder))
    throw new Error("cannot mount tmpfs");
  onTestFinished(() => void run("umount", folder));
  return folder;
}

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file system drops what it has not written. */
const shutdown =
  "import fcntl,os,struct,sys;fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587D,struct.pack('I',2))";

/** A small ext4 volume on a file of its own, unmounted when the test has ended. */
export function diskVolume(bytes: number): Volume {
  const base = temporaryFolder();
  const image = join(base, "image");
  const folder = join(base, "volume");
  writeFileSync(image, "");
  truncateSync(image, bytes);
  mkdirSync(folder);
  const must = (done: boolean, what: string) => {
    if (!done) throw new Error(`cannot ${what} the volume`);
  };
  const mount = () => must(run("mount", "-o", "loop", image, folder), "mount");
  must(run("mkfs.ext4", "-q", image), "format");
  mount();
  onTestFinished(() => void run("umount", folder));
  return {
    folder,
    makeReadOnly: () => must(run("mount", "-o", "remount,abort", folder), "abort"),
    unplug: () => must(run("python3", "-c", shutdown, folder), "shut down"),
    plugIn: () => {
      must(run("umount", folder), "unmount");
      mount();
    },
  };
}
