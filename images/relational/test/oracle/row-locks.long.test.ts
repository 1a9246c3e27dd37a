import { describe, expect, test } from "vitest";
import { lockCases, lockedIds, lockSchema } from "../row-lock-cases.ts";
import { postgresBinaries, startPostgres } from "./postgres.ts";

const binaries = postgresBinaries();

describe.skipIf(binaries === undefined)("row locks of PostgreSQL (skipped without its binaries)", () => {
  test("the cases are what PostgreSQL does", async () => {
    const real = await startPostgres(binaries!);
    const [a, b] = [await real.connect(), await real.connect()];
    try {
      await a.query(lockSchema);
      const found: [string, string][] = [];
      for (const [statement] of lockCases) {
        await a.query("BEGIN");
        const code = await a.query(statement).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        const { rows } = await b.query<{ string_agg: string | null }>(lockedIds);
        found.push([statement, code ?? rows[0]?.string_agg ?? ""]);
        await a.query("ROLLBACK");
      }
      expect(found).toEqual(lockCases);
    } finally {
      await Promise.all([a.end(), b.end()]);
      await real.stop();
    }
  });
});
