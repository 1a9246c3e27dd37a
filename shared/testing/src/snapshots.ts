import type { EngineProgram } from "./engine-program.ts";

/** What engines under test have as the token of their admin port. */
export const adminToken = "an admin token of a test";

type Admin = Pick<EngineProgram, "adminPort">;

/** Takes a snapshot of an engine that runs with `adminToken`. */
export async function takeSnapshot(engine: Admin): Promise<Buffer> {
  const response = await post(engine, "/v1/snapshot");
  return Buffer.from(await response.arrayBuffer());
}

/** Restores one; resolves when the engine serves with it. @throws Error with the problem */
export async function restoreSnapshot(engine: Admin, file: Buffer): Promise<void> {
  await (await post(engine, "/v1/restore", file)).arrayBuffer();
}

/** Pushes what was written so far; resolves to the number of the newest push. */
export async function pushNow(engine: Admin): Promise<number> {
  const response = await post(engine, "/v1/persist/flush");
  return ((await response.json()) as { seq: number }).seq;
}

async function post({ adminPort }: Admin, path: string, body?: Buffer): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    ...(body !== undefined && { body }),
  });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}
