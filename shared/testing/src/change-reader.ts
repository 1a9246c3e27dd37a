/** A change as `GET /v1/changes` of the admin port gives it; images as the texts that they were sent as. */
export interface ReadChange {
  readonly namespace: string;
  /** What the key's bytes are as a text. */
  readonly key: string;
  readonly op: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface ReadCommit {
  readonly token: string;
  readonly changes: readonly ReadChange[];
}

/** Reads the changes of an engine that runs, from its admin port. */
export class ChangeReader {
  readonly #url: string;
  readonly #adminToken: string;
  /** Of the last commit that was read, or where it began. */
  token = "";

  private constructor(adminPort: number, adminToken: string) {
    this.#url = `http://127.0.0.1:${adminPort}/v1/changes`;
    this.#adminToken = adminToken;
  }

  /** Begins at what is committed from now on; for a `consumer` that is kept, also over restarts of the engine. */
  static async open(adminPort: number, adminToken: string, consumer?: string): Promise<ChangeReader> {
    const reader = new ChangeReader(adminPort, adminToken);
    const query = consumer === undefined ? "" : `&consumer=${consumer}`;
    const [first] = await reader.#lines(`?end=true${query}`);
    reader.token = tokenOf(first!);
    return reader;
  }

  /** What was committed since the last time. @throws Error with the answer's status and code */
  async read(query = ""): Promise<readonly ReadCommit[]> {
    const lines = await this.#lines(`?end=true&after=${this.token}${query}`);
    // The first says where the stream begins.
    const commits = lines.slice(1).map(commitOf);
    this.token = commits.at(-1)?.token ?? this.token;
    return commits;
  }

  /** All changes of those, without their commits. */
  async changes(query = ""): Promise<readonly ReadChange[]> {
    return (await this.read(query)).flatMap(({ changes }) => changes);
  }

  async #lines(query: string): Promise<string[]> {
    const response = await fetch(`${this.#url}${query}`, {
      headers: { authorization: `Bearer ${this.#adminToken}` },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return text.split("\n").slice(0, -1);
  }
}

function tokenOf(line: string): string {
  return (JSON.parse(line) as { token: string }).token;
}

function commitOf(line: string): ReadCommit {
  const { token, changes } = parse(line, keepNumber) as {
    token: string;
    changes: { namespace: string; key: string; op: string; before?: unknown; after?: unknown }[];
  };
  return {
    token,
    changes: changes.map(({ namespace, key, op, before, after }) => ({
      namespace,
      key: Buffer.from(key, "base64").toString(),
      op,
      before: before === undefined ? undefined : JSON.stringify(before),
      after: after === undefined ? undefined : JSON.stringify(after),
    })),
  };
}

/** Numbers that a double cannot hold as they are written stay the text that they are. */
const keepNumber = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source
    ? rawJson(context.source)
    : value;

// Both are in Node 22 and later, but not in TypeScript's library yet.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): object };
const parse = JSON.parse as (text: string, reviver: typeof keepNumber) => unknown;
