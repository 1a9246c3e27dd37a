import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { checkSnapshot, type SnapshotHeader } from "@weftkit/persist/snapshot";
import { Command } from "commander";
import { adminToken } from "../admin-token.ts";
import { Failure } from "../terminal/failure.ts";
import { readableBytes } from "../terminal/quantities.ts";

interface Options {
  readonly admin: string;
  readonly adminTokenFile?: string;
}

/** `weftkit snapshot save|restore` */
export function snapshotCommand(): Command {
  const command = new Command("snapshot")
    .description("save the whole state of a running engine as a file, and put it back in place")
    .addHelpText(
      "after",
      `
An engine serves while its snapshot is taken. At a restore its clients are disconnected, and find the other state; the
process goes on. A snapshot is restored by the same engine, of the version that wrote it or a later one.

Examples:
  weftkit snapshot save before.wksn --admin http://127.0.0.1:9464 --admin-token-file secrets/admin_token
  weftkit snapshot restore before.wksn`,
    );
  const subcommand = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .argument("<file>", "the snapshot, usually *.wksn")
      .option("--admin <url>", "the engine's admin port", "http://127.0.0.1:9464")
      .option(
        "--admin-token-file <file>",
        "the file of its admin token (default: WEFTKIT_ADMIN_TOKEN or WEFTKIT_ADMIN_TOKEN_FILE)",
      );
  subcommand("save", "write the engine's state, as it is now, to a file").action(save);
  subcommand("restore", "put the state of a file in the place of the engine's").action(restore);
  return command;
}

async function save(file: string, options: Options): Promise<void> {
  const response = await post(options, "/v1/snapshot");
  const unfinished = `${file}.part`;
  let header: SnapshotHeader;
  try {
    await pipeline(Readable.fromWeb(response.body!), createWriteStream(unfinished, { mode: 0o600 }));
    header = await checkSnapshot(createReadStream(unfinished));
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure("failed", `the snapshot did not come whole: ${reason}`, "The engine's log says more.");
  }
  const { size } = await stat(file);
  process.stdout.write(`${file}: ${header.engine} as of ${header.createdAt}, ${readableBytes(size)}\n`);
}

async function restore(file: string, options: Options): Promise<void> {
  const { size } = await stat(file).catch(() => {
    throw new Failure("failed", `${file} cannot be read`);
  });
  // Looked through here first: a file that is damaged is not sent.
  const { engine, createdAt } = await checkSnapshot(createReadStream(file));
  const response = await post(options, "/v1/restore", createReadStream(file), size);
  const { restored } = (await response.json()) as { restored: { pausedMs: number } };
  process.stdout.write(
    `${engine} is as of ${createdAt} again; no client was served for ${restored.pausedMs} ms\n`,
  );
}

async function post(options: Options, path: string, body?: Readable, bytes?: number): Promise<Response> {
  if (!URL.canParse(options.admin)) {
    throw new Failure("usage", `--admin ${options.admin} is not a URL`, "For example http://127.0.0.1:9464.");
  }
  const url = new URL(path, options.admin);
  const authorization = `Bearer ${adminToken(options)}`;
  const headers = { authorization, ...(bytes !== undefined && { "content-length": `${bytes}` }) };
  const request: RequestInit =
    body === undefined
      ? { method: "POST", headers }
      : { method: "POST", headers, body: Readable.toWeb(body) as ReadableStream, duplex: "half" };
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    const hint =
      "It is the engine's admin port, 9464 unless it was changed; compose files do not publish it.";
    throw new Failure("unavailable", `${url.origin} does not answer: ${cause}`, hint);
  }
  if (response.status === 200) return response;
  const text = await response.text();
  throw new Failure("failed", reasonOf(text) ?? `${url} answers with ${response.status}`);
}

function reasonOf(text: string): string | undefined {
  try {
    const { detail, error } = JSON.parse(text) as { detail?: string; error?: string };
    return detail ?? error;
  } catch {
    // No answer of an engine's.
    return undefined;
  }
}
