import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { Program } from "@weftkit/testing/program";

const sidecarMain = join(import.meta.dirname, "..", "src", "main.ts");
const functionMain = join(import.meta.dirname, "..", "..", "functions", "node-s3", "src", "main.ts");

export const secret = "the secret of this site";
export const centralSecret = "the secret of the central endpoint";
export const subtree = "default/inmemory/0";

/** A program that serves WKP-1, as a process of its own. */
export interface Started {
  readonly program: Program;
  readonly url: string;
  readonly adminPort: number;
}

type Variables = Readonly<Record<string, string>>;

/** The sidecar on a folder. */
export async function startSidecar(folder: string, env: Variables = {}): Promise<Started> {
  mkdirSync(folder, { recursive: true });
  const adminPort = await freePort();
  const program = new Program(sidecarMain, {
    env: {
      WEFTKIT_DATA_DIR: folder,
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_SERVER_ADMIN_PORT: String(adminPort),
      WEFTKIT_PERSISTENCE_PORT: "0",
      WEFTKIT_PERSISTENCE_SECRET: secret,
      ...env,
    },
  });
  const { port } = await program.logged<{ port: number }>("serving WKP-1");
  return { program, url: `http://127.0.0.1:${port}`, adminPort };
}

/** The variables by which a sidecar passes on to an endpoint. */
export function passingTo(port: number): Variables {
  return {
    WEFTKIT_PERSISTENCE_CENTRAL_URL: `http://127.0.0.1:${port}`,
    WEFTKIT_PERSISTENCE_CENTRAL_SECRET: centralSecret,
  };
}

/** The Node function on a folder, as the central endpoint, at a port that stays. */
export async function startCentral(folder: string, port: number): Promise<Started> {
  const program = new Program(functionMain, {
    env: { WKP_PORT: String(port), WKP_STORE: `file://${folder}`, WKP_SECRET: centralSecret },
  });
  await program.logged("serving WKP-1");
  return { program, url: `http://127.0.0.1:${port}`, adminPort: 0 };
}

/** What the sidecar says of itself. */
export async function statusOf({ adminPort }: Started) {
  const response = await fetch(`http://127.0.0.1:${adminPort}/v1/status`);
  const { service } = (await response.json()) as {
    service: {
      central?: {
        waitingBytes: number;
        subtrees: { subtree: string; behind: number; centralSeq: number; why?: string }[];
      };
    };
  };
  return service;
}
