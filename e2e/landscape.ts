import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ComposeProject } from "./compose-project.ts";

const collection = "landscape";
const dimensions = 8;

/** No two have the same direction. */
function vectorOf(number: number): number[] {
  return Array.from({ length: dimensions }, (_, i) => Math.sin(number * (i + 1) * 0.37) + 0.01 * i);
}

/** Vectors with metadata, in the vector engine of a project, over HTTP. */
export class Landscape {
  readonly #url: string;
  readonly #password: string;

  constructor(project: ComposeProject, port: number) {
    this.#password = readFileSync(join(project.folder, "secrets/vector_password"), "utf8").trim();
    this.#url = `http://127.0.0.1:${port}/v1`;
  }

  async #call<T>(method: string, body: object): Promise<T> {
    const response = await fetch(`${this.#url}/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#password}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
    return response.json() as Promise<T>;
  }

  async write(count: number): Promise<void> {
    await this.#call("CreateCollection", { name: collection, dimensions, distance: "cosine" });
    for (let first = 0; first < count; first += 500) {
      const numbers = Array.from({ length: Math.min(500, count - first) }, (_, i) => first + i);
      const vectors = numbers.map((number) => ({
        id: `v${number}`,
        values: vectorOf(number),
        metadata: { group: `g${number % 5}`, number: String(number) },
      }));
      await this.#call("UpsertVectors", { collection, vectors });
    }
  }

  /** What is not as it was written. */
  async differences(count: number): Promise<string[]> {
    const found: string[] = [];
    const counted = await this.#call<{ count: number | string }>("CountVectors", { collection });
    if (Number(counted.count) !== count) found.push(`${counted.count} vectors`);
    for (let number = 0; number < count; number += 20) {
      const { matches = [] } = await this.#call<{ matches?: { id: string; metadata: { group: string } }[] }>(
        "SearchVectors",
        { collection, vector: vectorOf(number), top_k: 1, filter: { group: `g${number % 5}` } },
      );
      if (matches[0]?.id !== `v${number}` || matches[0].metadata.group !== `g${number % 5}`)
        found.push(`vector ${number}`);
    }
    return found;
  }
}
