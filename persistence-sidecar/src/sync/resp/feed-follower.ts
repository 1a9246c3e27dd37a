import { ChangesClient, type ChangesClientOptions, type ReadCommit } from "../changes-client.ts";
import { gathered } from "../gathered.ts";
import { rowId } from "../rows.ts";
import type { Observed, RowName } from "../side.ts";
import type { FollowedKeys, KeyFollower } from "./key-follower.ts";

/** Follows weftkit/inmemory by its change log, which says when each key was written. */
export class FeedFollower implements KeyFollower {
  readonly #side: FollowedKeys;
  readonly #client: ChangesClient;

  constructor(side: FollowedKeys, options: ChangesClientOptions) {
    this.#side = side;
    this.#client = new ChangesClient(options);
  }

  begin(): Promise<string> {
    return this.#client.begin();
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    const follow = (either: AbortSignal) => this.#client.follow(token, either);
    for await (const commits of gathered(follow, signal)) {
      const observed = this.#observed(commits);
      // A database that was emptied says so by what is missing.
      if (commits.some(({ changes }) => changes.some(({ op }) => op === "truncate")))
        await this.#side.check();
      yield [observed];
    }
  }

  status(): Record<string, unknown> {
    return { follows: "its changes" };
  }

  close(): void {}

  #observed(commits: readonly ReadCommit[]): Observed {
    const database = String(this.#side.database);
    const touched = new Map<string, RowName>();
    const stamps = new Map<string, bigint>();
    for (const { stamp, changes } of commits) {
      for (const { namespace, key, op } of changes) {
        if (namespace !== database || (op !== "update" && op !== "delete" && op !== "insert")) continue;
        const bytes = Buffer.from(key, "base64");
        if (!this.#side.isWanted(bytes)) continue;
        const name = this.#side.nameOf(bytes);
        const id = rowId(name.name, name.key);
        touched.set(id, name);
        stamps.set(id, BigInt(stamp));
      }
    }
    const { token, changes } = commits.at(-1)!;
    const nothing = { rows: [], truncated: [], marks: new Map(), writers: [] };
    const isHeartbeat = changes.length === 0;
    return { ...nothing, token, stamp: 0n, touched: [...touched.values()], stamps, isHeartbeat };
  }
}
