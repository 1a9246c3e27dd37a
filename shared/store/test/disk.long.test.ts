import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "@weftkit/store";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { canMount, diskVolume, memoryVolume } from "@weftkit/testing/volume";
import { expect, test } from "vitest";
import { faults, startWriting } from "./acknowledged.ts";
import { addNote, notes, openForTest } from "./open-for-test.ts";

if (!canMount)
  console.log("not allowed to mount volumes: full, read-only and unplugged disks are left out here");

/** Writes until an error comes, and returns it with what was acknowledged before. */
async function writeUntilError(store: Store): Promise<{ acknowledged: string[]; error: unknown }> {
  const acknowledged: string[] = [];
  for (let n = 0; ; n++) {
    const body = `${n} ${"x".repeat(20_000)}`;
    try {
      await addNote(store, body);
      acknowledged.push(body);
    } catch (error) {
      return { acknowledged, error };
    }
  }
}

test.runIf(canMount)(
  "on a full disk writes fail, reads go on, and it goes on by itself once there is room",
  async () => {
    const folder = memoryVolume(4 * 1024 * 1024);
    const ballast = join(folder, "ballast");
    const descriptor = openSync(ballast, "w");
    writeSync(descriptor, Buffer.alloc(1024 * 1024));
    closeSync(descriptor);
    const { store, readiness, lines } = await openForTest({ file: join(folder, "test.db") });
    const { acknowledged, error } = await writeUntilError(store);
    expect(error).toMatchObject({ code: "disk_full" });
    expect(await notes(store)).toEqual(acknowledged);
    expect(lines).toContainEqual(
      expect.objectContaining({
        component: "store",
        ok: false,
        why: expect.stringContaining("no space left"),
      }),
    );
    rmSync(ballast);
    await expect.poll(() => readiness.ready, { timeout: patientMs(20_000) }).toBe(true);
    await addNote(store, "there is room");
    await store.close();
    const again = await openForTest({ file: store.file });
    expect(await notes(again.store)).toEqual([...acknowledged, "there is room"]);
  },
);

test.runIf(canMount)("on a volume that became read-only writes fail and reads go on", async () => {
  const volume = diskVolume(16 * 1024 * 1024);
  const { store, readiness } = await openForTest({ file: join(volume.folder, "test.db") });
  await addNote(store, "kept");
  volume.makeReadOnly();
  await expect(addNote(store, "refused")).rejects.toMatchObject({ code: "read_only" });
  expect(readiness.components().store).toMatchObject({
    ok: false,
    why: expect.stringContaining("read-only"),
  });
  expect(await notes(store)).toEqual(["kept"]);
  await store.close();
});

test.runIf(canMount)(
  "after a power cut everything acknowledged is there",
  { timeout: patientMs(60_000) },
  async () => {
    const volume = diskVolume(64 * 1024 * 1024);
    const file = join(volume.folder, "test.db");
    const writing = startWriting(file);
    writing.onLine = () => {
      if (writing.acknowledged.length !== 500) return;
      volume.unplug();
      writing.process.kill("SIGKILL");
    };
    await writing.ended;
    volume.plugIn();
    const { store } = await openForTest({ file });
    expect(await faults(store, writing.acknowledged)).toEqual([]);
    await store.close();
  },
);

test.runIf(canMount)(
  "a sync that fails ends all writing: what was not acknowledged is refused, and a restart is asked for",
  async () => {
    const volume = diskVolume(16 * 1024 * 1024);
    const fatal: Error[] = [];
    const file = join(volume.folder, "test.db");
    const { store, readiness } = await openForTest({ file, fatal: (error) => void fatal.push(error) });
    await addNote(store, "kept");
    await store.exclusively(async (writer) => {
      // In the log and seen by all, but not yet on the disk.
      writer.exec("INSERT INTO note (body) VALUES ('lost')");
      volume.unplug();
    });
    const refused = { code: "failed", message: expect.stringContaining("restart") };
    await expect(store.write(() => {})).rejects.toMatchObject(refused);
    expect(fatal).toMatchObject([refused]);
    await expect(addNote(store, "never")).rejects.toMatchObject(refused);
    await expect(store.exclusively(async () => {})).rejects.toMatchObject(refused);
    // It would show what a restart takes back.
    await expect(store.read(() => {})).rejects.toMatchObject(refused);
    expect(readiness.ready).toBe(false);
    await store.close();
    volume.plugIn();
    const again = await openForTest({ file });
    expect(await notes(again.store)).toEqual(["kept"]);
    await again.store.close();
  },
);

test.runIf(canMount)("a volume that is gone is not taken for a damaged file", async () => {
  const volume = diskVolume(16 * 1024 * 1024);
  const { store } = await openForTest({ file: join(volume.folder, "test.db") });
  await addNote(store, "kept");
  volume.unplug();
  await expect(addNote(store, "refused")).rejects.toMatchObject({ code: "io_error" });
  await expect(notes(store)).rejects.toMatchObject({ code: "io_error" });
  await store.close();
});

test("a damaged page is told of by who reads it, and the rest goes on", async () => {
  const file = join(temporaryFolder(), "test.db");
  const first = await openForTest({ file });
  await first.store.write((db) => {
    db.exec("CREATE TABLE other (x)");
    db.exec("INSERT INTO other VALUES (1)");
    const insert = db.prepare("INSERT INTO note (body) VALUES (?)");
    for (let n = 0; n < 200; n++) insert.run(`${n} ${"x".repeat(2000)}`);
  });
  await first.store.close();
  const descriptor = openSync(file, "r+");
  const pages = statSync(file).size / 4096;
  for (let page = pages - 50; page < pages; page++) {
    writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, page * 4096);
  }
  closeSync(descriptor);
  const { store, readiness } = await openForTest({ file });
  await expect(notes(store)).rejects.toMatchObject({ code: "corrupt" });
  expect(readiness.components().store).toMatchObject({ ok: false, why: expect.stringContaining("restore") });
  expect(await store.read((db) => db.prepare("SELECT x FROM other").pluck().get())).toBe(1);
  await expect(store.write((db) => db.exec("UPDATE note SET body = body || 'y'"))).rejects.toMatchObject({
    code: "corrupt",
  });
});

test(
  "where the system refuses to let the file grow, nothing acknowledged is lost",
  { timeout: patientMs(60_000) },
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, "test.db");
    // In units of 512 bytes; the write-ahead log reaches it first.
    const writing = startWriting(file, 0, ["sh", "-c", 'ulimit -f 2000; exec "$@"', "sh"]);
    const error = await new Promise<string>((resolve) => {
      writing.onLine = (line) => {
        if (Number.isNaN(Number(line))) resolve(line);
      };
    });
    writing.process.kill("SIGKILL");
    await writing.ended;
    expect(error).toBe("io_error");
    expect(readdirSync(folder)).toContain("test.db-wal");
    const { store } = await openForTest({ file });
    expect(await faults(store, writing.acknowledged)).toEqual([]);
  },
);
