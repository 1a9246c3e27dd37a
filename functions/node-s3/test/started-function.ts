import { join } from "node:path";
import { Program } from "@weftkit/testing/program";

const main = join(import.meta.dirname, "..", "src", "main.ts");

export const secret = "a secret of enough length";

type Variables = Readonly<Record<string, string>>;

/** The function as its own process, on a free port. */
export class StartedFunction extends Program {
  url = "";

  /** Starts it and waits until it serves. */
  static async start(env: Variables): Promise<StartedFunction> {
    const started = new StartedFunction(main, { env: { WKP_PORT: "0", WKP_SECRET: secret, ...env } });
    const { port } = await started.logged("serving WKP-1");
    const scheme = env.WKP_TLS_CERT === undefined ? "http" : "https";
    started.url = `${scheme}://127.0.0.1:${port}`;
    return started;
  }
}

/** Runs the function until it ends by itself; its exit code and what it wrote to standard error. */
export async function runFunction(env: Variables): Promise<{ code: number | null; errors: string }> {
  const program = new Program(main, { env });
  const code = await program.exited;
  return { code, errors: program.errors };
}
