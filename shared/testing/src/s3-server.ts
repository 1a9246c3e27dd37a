import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { freePort } from "./free-ports.ts";
import { installedProgram } from "./installed-program.ts";

/** A bucket to test with, on a real S3 server. */
export interface TestBucket {
  /** The function's variables. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const accessKeyId = "weftkit-test";
const secretAccessKey = "weftkit-test-secret";
const bucket = "weftkit-test";
const startsWithinMs = 20_000;

/** How S3 servers with conditional writes are started that may be on this machine, the quicker one first. */
const servers: Readonly<
  Record<string, (port: number, folder: string) => { args: string[]; env: NodeJS.ProcessEnv }>
> = {
  versitygw: (port, folder) => ({
    args: ["--port", `127.0.0.1:${port}`, "posix", folder],
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  }),
  minio: (port, folder) => ({
    args: ["server", "--address", `127.0.0.1:${port}`, "--quiet", folder],
    env: { MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey },
  }),
};

/** The servers that are here, on the path or where `go install` puts them. */
export function installedServers(): string[] {
  return Object.keys(servers).filter((name) => installedProgram(name) !== undefined);
}

/** Starts a server in a temporary folder and makes a bucket. */
export async function startS3Server(name: string): Promise<TestBucket> {
  const folder = mkdtempSync(join(tmpdir(), `weftkit-${name}-`));
  const data = join(folder, "data");
  mkdirSync(data);
  const port = await freePort();
  const { args, env } = servers[name]!(port, data);
  const child = spawn(installedProgram(name)!, args, {
    cwd: folder,
    env: { HOME: folder, PATH: process.env.PATH, ...env },
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await makeBucket(endpoint, child);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    env: {
      WKP_STORE: `s3://${bucket}/some/prefix`,
      WKP_S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    close,
  };
}

async function makeBucket(endpoint: string, child: ChildProcess): Promise<void> {
  const endsAt = performance.now() + startsWithinMs;
  for (;;) {
    const url = `${endpoint}/${bucket}`;
    const signer = new AwsV4Signer({
      method: "PUT",
      url,
      accessKeyId,
      secretAccessKey,
      region: "us-east-1",
      service: "s3",
    });
    const signed = await signer.sign();
    const response = await fetch(signed.url, { method: "PUT", headers: signed.headers }).catch(
      () => undefined,
    );
    if (response?.status === 200) return;
    if (child.exitCode !== null || performance.now() > endsAt) {
      throw new Error(`the S3 server does not serve: ${response?.status} ${await response?.text()}`);
    }
    await delay(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
