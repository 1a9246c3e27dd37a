import type { AdminOperation } from "@weftkit/host";
import { markResolved, type StoredConflict } from "./conflict-log.ts";
import type { Journal } from "./journal.ts";
import { hasOwnColumns, type Row, rowItself } from "./rows.ts";
import type { Synchroniser } from "./synchroniser.ts";
import { newest, nextVersion, stampOfMs } from "./versions.ts";

const listMax = 1000;
const choices = ["keep", "loser", "retry"] as const;

/** What `weftkit sync` asks for on the admin port. */
export class SyncOperations {
  readonly #journal: Journal;
  readonly #synchroniser: Synchroniser;

  constructor(journal: Journal, synchroniser: Synchroniser) {
    this.#journal = journal;
    this.#synchroniser = synchroniser;
  }

  readonly byPath: Readonly<Record<string, AdminOperation>> = {
    "GET /v1/sync/status": async () => ({
      status: 200,
      body: { ...this.#synchroniser.status(), conflicts: await this.#journal.conflicts.counts() },
    }),
    "GET /v1/sync/conflicts": async (query) => {
      const before = Number(query.get("before") ?? Number.MAX_SAFE_INTEGER);
      const max = Number(query.get("max") ?? 100);
      if (!Number.isSafeInteger(before) || !Number.isSafeInteger(max) || max < 1 || max > listMax)
        return wrong(`before is a conflict's id, max a number up to ${listMax}`);
      const all = query.get("all") === "true";
      const conflicts = await this.#journal.conflicts.list({ all, before, max });
      return { status: 200, body: { conflicts: conflicts.map(shown) } };
    },
    "POST /v1/sync/resolve": (query) => this.#resolve(query.get("id"), query.get("with") ?? "keep"),
  };

  async #resolve(idText: string | null, choice: string) {
    const id = Number(idText);
    if (idText === null || !Number.isSafeInteger(id)) return wrong("say which: ?id=NUMBER");
    const how = choices.find((one) => one === choice);
    if (how === undefined) return wrong("with is keep, loser or retry");
    const conflict = await this.#journal.conflicts.get(id);
    if (conflict === undefined) return { status: 404, body: { error: `there is no conflict ${id}` } };
    if (conflict.resolved !== null)
      return { status: 409, body: { error: `conflict ${id} was resolved: ${conflict.resolved}` } };
    if (how === "retry" && conflict.how !== "refused")
      return wrong("only a row that was refused can be tried again");
    const { name, key, loserRow } = conflict;
    const targets = how === "retry" ? ([conflict.target] as const) : (["local", "remote"] as const);
    await this.#journal.write((write) => {
      if (how !== "keep") {
        // A new write, on what is there now: whoever writes the row meanwhile makes a conflict again.
        const bases = targets.map((target) => write.seen(target, name, key)?.version ?? conflict.winner);
        const last = [conflict.winner, conflict.loser, ...bases].reduce(newest);
        const version = nextVersion(last, stampOfMs(Date.now()), this.#journal.id);
        const now = write.seen("local", name, key)?.row;
        // Of a row with columns of its own that was merged, what has lost is known only; the rest stays.
        const isPart = loserRow !== undefined && hasOwnColumns(now) && !hasOwnColumns(loserRow);
        const row = isPart ? { ...now, ...loserRow } : loserRow;
        const columns = Object.fromEntries(
          [rowItself, ...Object.keys(row ?? {})].map((one) => [one, version]),
        );
        for (const [index, target] of targets.entries())
          write.enqueue(target, [{ name, key, row, version, base: bases[index]!, columns }]);
      }
      markResolved(
        write.db,
        id,
        how === "keep" ? "kept" : how === "loser" ? "the loser was taken" : "tried again",
      );
    });
    return { status: 200, body: { resolved: id, with: how } };
  }
}

function wrong(error: string) {
  return { status: 400, body: { error, code: "malformed_request" } };
}

/** Rows as JSON; numbers that a double cannot hold are written as they are. */
function shown({ winnerRow, loserRow, ...conflict }: StoredConflict) {
  return { ...conflict, winnerRow: winnerRow ?? null, loserRow: loserRow ?? null } satisfies Record<
    string,
    unknown
  > & { winnerRow: Row | null };
}
