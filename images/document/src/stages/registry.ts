import type { Doc, Value } from "../bson/values.ts";
import { type DocSource, type Pause, pause, type Run } from "../exec/run.ts";
import type { Scope } from "../expressions/expression.ts";
import type { Stage, StageContext } from "./stage.ts";

/** Reads the pipelines within a stage; given to stages, so that they need not know who reads them. */
export type ParsePipeline = (pipeline: readonly Value[], context: StageContext) => Stage[];

/** Reads one stage; some stand for several. */
export type MakeStage = (
  operand: Value,
  context: StageContext,
  parse: ParsePipeline,
) => Stage | readonly Stage[];

/** Every stage by its name, filled by the files of their kinds (see `all.ts`). */
export const stages = new Map<string, MakeStage>();

export function defineStage(name: string, make: MakeStage): void {
  stages.set(name, make);
}

/** A stage that makes of every document another, or none. */
export function mapStage(name: string, spec: Value, map: (doc: Doc, scope: Scope) => Doc | undefined): Stage {
  return {
    name,
    spec,
    connect: (input, scope) => ({
      next(run) {
        for (;;) {
          const doc = input.next(run);
          if (doc === undefined || doc === pause) return doc;
          const mapped = map(doc, scope);
          if (mapped !== undefined) return mapped;
        }
      },
    }),
  };
}

/** A stage that makes of every document any number of others. */
export function expandStage(
  name: string,
  spec: Value,
  expand: (doc: Doc, scope: Scope, run: Run) => Iterable<Doc>,
): Stage {
  return {
    name,
    spec,
    connect: (input, scope) => {
      let current: Iterator<Doc> | undefined;
      return {
        next(run) {
          for (;;) {
            if (current !== undefined) {
              const step = current.next();
              if (!step.done) return step.value;
              current = undefined;
            }
            const doc = input.next(run);
            if (doc === undefined || doc === pause) return doc;
            current = expand(doc, scope, run)[Symbol.iterator]();
          }
        },
      };
    },
  };
}

/** A stage that takes in everything before it gives anything. */
export function blockingStage(
  name: string,
  spec: Value,
  begin: (scope: Scope) => { add(doc: Doc, run: Run): void; results(run: Run): Iterable<Doc> },
): Stage {
  return { name, spec, connect: (input, scope) => blockingSource(input, begin(scope)) };
}

export function blockingSource(
  input: DocSource,
  work: { add(doc: Doc, run: Run): void; results(run: Run): Iterable<Doc> },
): DocSource {
  let results: Iterator<Doc> | undefined;
  return {
    next(run): Doc | undefined | Pause {
      while (results === undefined) {
        const doc = input.next(run);
        if (doc === pause) return pause;
        if (doc === undefined) results = work.results(run)[Symbol.iterator]();
        else work.add(doc, run);
      }
      const step = results.next();
      return step.done ? undefined : step.value;
    },
  };
}
