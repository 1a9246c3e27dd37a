import { readFile, writeFile } from "node:fs/promises";

/** Snapshots of one engine, through its admin port. */
export class EngineState {
  readonly #url: string;
  readonly #token: string;
  #last: Uint8Array | undefined;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async snapshot(): Promise<Uint8Array> {
    const response = await this.#post("/v1/snapshot");
    this.#last = new Uint8Array(await response.arrayBuffer());
    return this.#last;
  }

  async restore(snapshot: Uint8Array | string | undefined): Promise<void> {
    const wanted = typeof snapshot === "string" ? await readFile(snapshot) : (snapshot ?? this.#last);
    if (wanted === undefined) {
      throw new Error("there is no snapshot to restore: call snapshot() before, or say which one");
    }
    if (this.#last === undefined) this.#last = wanted;
    await (await this.#post("/v1/restore", wanted)).arrayBuffer();
  }

  async save(file: string): Promise<void> {
    const response = await this.#post("/v1/snapshot");
    await writeFile(file, new Uint8Array(await response.arrayBuffer()));
  }

  async #post(path: string, body?: Uint8Array): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body !== undefined && { body: Buffer.from(body) }),
    });
    if (response.status === 200) return response;
    throw new Error(`${path}: ${reasonOf(await response.text()) ?? `status ${response.status}`}`);
  }
}

function reasonOf(text: string): string | undefined {
  try {
    const { detail, error } = JSON.parse(text) as { detail?: string; error?: string };
    return detail ?? error;
  } catch {
    // Not an engine's answer: the status has to do.
    return undefined;
  }
}
