import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { MongoClient, type ObjectId } from "mongodb";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");

test(
  "an election's id grows with each start, so that drivers go on after it",
  { timeout: patientMs(30_000) },
  async () => {
    const folder = temporaryFolder();
    const ids: string[] = [];
    for (let start = 0; start < 3; start++) {
      const engine = await new EngineProgram(main, folder).ready();
      const client = new MongoClient(`mongodb://127.0.0.1:${engine.port}`);
      const { electionId } = await client.db("admin").command({ hello: 1 });
      ids.push((electionId as ObjectId).toHexString());
      await client.close();
      await engine.kill();
    }
    expect(ids).toEqual([...new Set(ids)].toSorted());
  },
);
