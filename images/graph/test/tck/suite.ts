import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { IdGenerator, type Pickle } from "@cucumber/messages";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { graphApplicationId, graphMigrations } from "../../src/storage/migrations.ts";
import { Mismatch, Scenario } from "./scenario.ts";

/** A scenario that did not end as the suite says. */
export interface Miss {
  readonly feature: string;
  readonly scenario: string;
  readonly query: string;
  readonly why: string;
}

export interface SuiteResult {
  readonly total: number;
  readonly misses: readonly Miss[];
}

function pickles(folder: string): { feature: string; pickle: Pickle }[] {
  const newId = IdGenerator.incrementing();
  return globSync("features/**/*.feature", { cwd: folder })
    .sort()
    .flatMap((path) => {
      const parser = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher());
      const document = parser.parse(readFileSync(join(folder, path), "utf8"));
      return compile(document, path, newId).map((pickle) => ({
        feature: basename(path, ".feature"),
        pickle,
      }));
    });
}

async function openSuiteStore(dataDir: string): Promise<Store> {
  const log = createLogger({ level: "error", image: "test", stream: { write: () => {} } });
  return openStore({
    file: join(dataDir, "tck.db"),
    applicationId: graphApplicationId,
    migrations: graphMigrations,
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
    walFsync: false,
  });
}

/** Runs the scenarios of a folder of the openCypher TCK (its `tck`), those whose names have `filter` in them. */
export async function runSuite(folder: string, dataDir: string, filter = ""): Promise<SuiteResult> {
  const store = await openSuiteStore(dataDir);
  const graphs = (name: string): string => {
    const file = join(folder, "graphs", name, `${name}.cypher`);
    if (!existsSync(file)) throw new Error(`there is no graph ${name}`);
    return readFileSync(file, "utf8");
  };
  const misses: Miss[] = [];
  let total = 0;
  try {
    for (const { feature, pickle } of pickles(folder)) {
      if (!`${feature} ${pickle.name}`.includes(filter)) continue;
      total++;
      try {
        await new Scenario(store, pickle, graphs).run();
      } catch (error) {
        const query =
          pickle.steps.find(({ text }) => text === "executing query:")?.argument?.docString?.content ?? "";
        const why =
          error instanceof Mismatch
            ? error.message
            : error instanceof Error
              ? (error.stack ?? error.message)
              : String(error);
        misses.push({ feature, scenario: pickle.name, query, why });
      }
    }
  } finally {
    await store.close();
  }
  return { total, misses };
}
