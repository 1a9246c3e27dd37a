import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EngineName } from "@weftkit/config";
import { type RunningService, startService } from "@weftkit/host";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterAll, onTestFinished } from "vitest";
import type { SessionInfo } from "../src/api.ts";
import { Playground } from "../src/playground.ts";

/** Who may log in, at the playground and at engines. */
export const users = [
  { username: "ann", password: "ann's password", roles: ["superuser"] },
  { username: "rob", password: "rob's password", roles: ["read"] },
];

let built: Promise<string> | undefined;
afterAll(async () => {
  if (built !== undefined) rmSync(await built, { recursive: true });
});

/** The folder of the page, built from its sources once for each file of tests. */
export function builtPage(): Promise<string> {
  built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "weftkit-page-"));
    const script = join(import.meta.dirname, "../../../scripts/page.mjs");
    const html = join(import.meta.dirname, "../page/index.html");
    await promisify(execFile)(process.execPath, [script, html, folder]);
    return folder;
  })();
  return built;
}

/** An engine of ours as a process of its own, with the same users; and how the playground is told of it. */
export async function startEngine(name: EngineName): Promise<{ program: EngineProgram; text: string }> {
  const folder = temporaryFolder();
  const config = join(folder, "weftkit.toml");
  writeFileSync(
    config,
    users
      .map(
        ({ username, password, roles }) =>
          `[[auth.users]]\nusername = ${JSON.stringify(username)}\npassword = ${JSON.stringify(password)}\nroles = ${JSON.stringify(roles)}\n`,
      )
      .join("\n"),
  );
  const file = join(import.meta.dirname, `../../${name}/src/main.ts`);
  const program = new EngineProgram(file, join(folder, "data"), {
    WEFTKIT_AUTH: "password",
    WEFTKIT_CONFIG: config,
  });
  const { port, adminPort } = await program.logged<{ port: number; adminPort: number }>("ready");
  return { program, text: `${name}=127.0.0.1:${port}?admin=127.0.0.1:${adminPort}` };
}

/** The playground inside of this process; ended when the test has finished. */
export async function startPlayground(
  engines: readonly string[],
  section: Readonly<Record<string, unknown>> = {},
  page?: string,
): Promise<RunningService<Playground>> {
  const folder = page ?? (await builtPage());
  const running = await startService(
    { name: "playground", version: "0.0.0", authenticates: true, create: () => new Playground(folder) },
    {
      config: {
        server: { bind: "127.0.0.1", admin_port: 0 },
        auth: { users },
        playground: { port: 0, engines, ...section },
      },
    },
  );
  onTestFinished(() => running.stop(2000).catch(() => {}));
  return running;
}

/** A browser's place, without the browser: it keeps the cookie and sends the token. */
export class ApiClient {
  readonly #origin: string;
  cookie = "";
  csrfToken = "";

  constructor(port: number) {
    this.#origin = `http://127.0.0.1:${port}`;
  }

  static async loggedIn(port: number, user: "ann" | "rob" = "ann"): Promise<ApiClient> {
    const client = new ApiClient(port);
    const { status, body } = await client.post("/api/login", { user, password: `${user}'s password` });
    if (status !== 200) throw new Error(`the login was answered ${status}`);
    client.csrfToken = (body as SessionInfo).csrfToken;
    return client;
  }

  get(path: string) {
    return this.ask(path, { headers: { cookie: this.cookie } });
  }

  post(path: string, body: unknown = {}) {
    return this.ask(path, {
      method: "POST",
      headers: { cookie: this.cookie, "x-csrf-token": this.csrfToken, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** An operation of the console of the engine that `text` tells the playground of. */
  operate(text: string, operation: string, body: unknown = {}) {
    const id = text.split("?")[0]!.replace("=", "@");
    return this.post(`/api/engines/${encodeURIComponent(id)}/${operation}`, body);
  }

  async ask(path: string, init: RequestInit) {
    const response = await fetch(`${this.#origin}${path}`, init);
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = cookie.split(";")[0]!;
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }
}
