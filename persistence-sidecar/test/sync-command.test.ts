import { execFile } from "node:child_process";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { adminToken, connect, Relational, SyncSidecar } from "./sites.ts";

const command = join(import.meta.dirname, "..", "..", "compose-builder", "src", "main.ts");
const polling = { timeout: patientMs(20_000), interval: 50 };

function sync(
  sidecar: SyncSidecar,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const given = [command, "sync", ...args, "--admin", `http://127.0.0.1:${sidecar.adminPort}`];
  const env = { PATH: process.env.PATH, WEFTKIT_ADMIN_TOKEN: adminToken };
  return new Promise((resolve) => {
    execFile(process.execPath, given, { env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

test(
  "a row that the other side refuses is told, holds up nobody, and is tried again",
  { timeout: patientMs(60_000) },
  async () => {
    const [local, remote] = await Promise.all([Relational.start(), Relational.start()]);
    const [here, there] = [await connect(local), await connect(remote)];
    await here.query("create table item (id bigint primary key, price numeric)");
    await there.query("create table item (id bigint primary key, price numeric check (price > 0))");
    const sidecar = await SyncSidecar.start(local, remote, { WEFTKIT_PERSISTENCE_SITE: "shop" });
    await here.query("insert into item values (1, 10.50), (9007199254740993, -1.10), (3, 30)");
    const stored = async () =>
      (await there.query("select id from item order by id")).rows.map(({ id }) => id);
    await expect.poll(stored, polling).toEqual(["1", "3"]);
    await expect.poll(() => sidecar.conflicts(), polling).toHaveLength(1);

    const status = await sync(sidecar, "status");
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toMatch(/^sidecar +shop-[0-9a-f]{8}$/m);
    expect(status.stdout).toMatch(/^local +PostgreSQL .*WeftKit/m);
    expect(status.stdout).toMatch(/^ {2}read +following, 3 rows/m);
    expect(status.stdout).toMatch(/^conflicts +1 open, 1 in all$/m);

    const conflicts = await sync(sidecar, "conflicts");
    expect(conflicts.stdout).toMatch(/^\d+ .* public.item \{"id":9007199254740993\} {2}refused$/m);
    expect(conflicts.stdout).toContain('refused: {"id":9007199254740993,"price":-1.10}');
    expect(conflicts.stdout).toMatch(/because: .*check constraint.*23514/);

    await there.query("alter table item drop constraint item_price_check");
    const id = /^\d+/.exec(conflicts.stdout)![0];
    expect(await sync(sidecar, "resolve", id, "--with", "retry")).toMatchObject({ code: 0, stderr: "" });
    await expect.poll(stored, polling).toEqual(["1", "3", "9007199254740993"]);
    expect((await sync(sidecar, "conflicts")).stdout).toBe("There are no conflicts.\n");
    const again = await sync(sidecar, "resolve", id);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("was resolved: tried again");
  },
);

test("says what is wrong when it cannot ask", async () => {
  const nobody = { adminPort: 1 } as SyncSidecar;
  const { code, stderr } = await sync(nobody, "status");
  expect(code).toBe(69);
  expect(stderr).toContain("does not answer");
});
