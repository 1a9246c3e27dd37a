import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, makeCertificate } from "@weftkit/testing/certificates";
import { freePort } from "@weftkit/testing/free-ports";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";

/** Who may log in, by the file that `password_file` names. */
export const login = { user: "app", password: "correct horse" };

/** A standalone server that is about to start, with the file that it is told everything in. */
export interface Page {
  readonly folder: string;
  readonly port: number;
  readonly certificate: Certificate;
  /** The `[standalone]` table's lines by their keys, as they are written in TOML; to be changed before `start`. */
  readonly keys: Record<string, string | undefined>;
  /** What follows the table. */
  more: string;
  start(main: string, env?: Readonly<Record<string, string>>): Program;
}

/** A configuration with every key of `[standalone]`, on a free port. */
export async function pageFor(module: string | readonly string[], protocol?: string): Promise<Page> {
  const folder = temporaryFolder();
  const certificate = makeCertificate(folder, "server");
  const passwords = join(folder, "passwords");
  writeFileSync(
    passwords,
    `[[users]]\nusername = "${login.user}"\npassword = "${login.password}"\nroles = ["superuser"]\n`,
  );
  const port = await freePort();
  const keys: Record<string, string | undefined> = {
    [typeof module === "string" ? "module" : "modules"]: JSON.stringify(module),
    bind: `"127.0.0.1:${port}"`,
    protocol: protocol === undefined ? undefined : JSON.stringify(protocol),
    tls_cert: JSON.stringify(certificate.cert),
    tls_key: JSON.stringify(certificate.key),
    auth_method: '"scram_sha_256"',
    password_file: JSON.stringify(passwords),
  };
  const page: Page = {
    folder,
    port,
    certificate,
    keys,
    more: "",
    start(main, env = {}) {
      const lines = Object.entries(keys).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key} = ${value}`],
      );
      const file = join(folder, "weftkit.toml");
      writeFileSync(file, `[standalone]\n${lines.join("\n")}\n${page.more}`);
      return new Program(main, {
        args: ["--config", file],
        env: { WEFTKIT_DATA_DIR: join(folder, "data"), WEFTKIT_ADMIN_PORT: "0", ...env },
      });
    },
  };
  return page;
}
