import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "./program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const main = join(import.meta.dirname, "../../../functions/node-s3/src/main.ts");

/**
 * Starts the WKP-1 function for Node on a folder of its own, until the test has finished; resolves to the variables by which
 * engines find it.
 */
export async function startPersistFunction(): Promise<Record<string, string>> {
  const folder = temporaryFolder();
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, "a secret that both sides have\n");
  const program = new Program(main, {
    env: { WKP_PORT: "0", WKP_STORE: `file://${join(folder, "store")}`, WKP_SECRET_FILE: secretFile },
  });
  const { port } = await program.logged<{ port: number }>("serving WKP-1");
  return {
    WEFTKIT_PERSIST_MODE: "serverless",
    WEFTKIT_PERSIST_URL: `http://127.0.0.1:${port}`,
    WEFTKIT_PERSIST_SECRET_FILE: secretFile,
  };
}
