import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ComposeProject } from "./compose-project.ts";

const writersMax = 8;

/** A collection of documents that link to each other, in the markdown engine of a project. */
export class Wiki {
  readonly #url: string;
  readonly #authorization: string;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/markdown_password"), "utf8").trim();
    this.#url = `http://127.0.0.1:${port}/v1/collections`;
    this.#authorization = `Bearer weftkit:${password}`;
  }

  /** Writes documents 0 to `count` - 1. */
  async write(count: number): Promise<void> {
    await this.#call("POST", "", { name: "wiki" });
    await inParallel(count, (number) =>
      this.#call("PUT", `/wiki/documents/page-${number}`, {
        title: `Page ${number}`,
        content: textOf(number, count),
        tags: [`tag-${number % 7}`],
      }),
    );
  }

  /** What is not as it was written: numbers of documents, and backlinks or hits that are missing. */
  async differences(count: number): Promise<string[]> {
    const found: string[] = [];
    await inParallel(count, async (number) => {
      const document = await this.#call("GET", `/wiki/documents/page-${number}`);
      const isSame =
        document.title === `Page ${number}` &&
        document.content === textOf(number, count) &&
        document.tags?.[0] === `tag-${number % 7}`;
      if (!isSame) found.push(`page-${number}`);
    });
    const hits = await this.#call("POST", "/wiki/search", { query: `"number ${count - 1}"`, limit: 1 });
    if (hits.hits?.[0]?.id !== `page-${count - 1}`) found.push("search");
    return found;
  }

  async #call(method: string, path: string, body?: unknown) {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: this.#authorization, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text === "" ? "{}" : text) as {
      title?: string;
      content?: string;
      tags?: string[];
      hits?: { id: string }[];
    };
  }
}

function textOf(number: number, count: number): string {
  return `# Page ${number}\n\nThis is number ${number}. See [[page-${(number + 1) % count}]].\n`;
}

async function inParallel(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: writersMax }, worker));
}
