import type { Doc, Value } from "../bson/values.ts";
import { type DocSource, type Pause, pause, TurnClock, type Turns } from "../exec/run.ts";
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

/** As `mapStage`, for what reads other collections: it may take several turns for a document, and gives `pause` between them. */
export function mapOverTurns(
  name: string,
  spec: Value,
  map: (doc: Doc, scope: Scope, turns: Turns) => Generator<Pause, Doc>,
): Stage {
  return {
    name,
    spec,
    connect: (input, scope) => {
      let current: Generator<Pause, Doc> | undefined;
      let turns: Turns | undefined;
      return {
        next(run) {
          if (turns === undefined) turns = { run };
          else turns.run = run;
          if (current === undefined) {
            const doc = input.next(run);
            if (doc === undefined || doc === pause) return doc;
            current = map(doc, scope, turns);
          }
          const step = current.next();
          if (step.done === true) current = undefined;
          return step.value;
        },
      };
    },
  };
}

/** What takes in everything before it gives anything. */
export interface BlockingWork {
  add(doc: Doc): void;
  /** Gives `pause` where it would take longer than a turn. */
  results(turns: Turns): Iterable<Doc | Pause>;
}

export function blockingStage(name: string, spec: Value, begin: (scope: Scope) => BlockingWork): Stage {
  return { name, spec, connect: (input, scope) => blockingSource(input, begin(scope)) };
}

export function blockingSource(input: DocSource, work: BlockingWork): DocSource {
  const clock = new TurnClock();
  let results: Iterator<Doc | Pause> | undefined;
  let turns: Turns | undefined;
  return {
    next(run): Doc | undefined | Pause {
      while (results === undefined) {
        const doc = input.next(run);
        if (doc === pause) return pause;
        if (doc === undefined) {
          turns = { run };
          results = work.results(turns)[Symbol.iterator]();
        } else {
          work.add(doc);
          if (clock.isOver(run)) return pause;
        }
      }
      turns!.run = run;
      if (clock.isOver(run)) return pause;
      const step = results.next();
      return step.done === true ? undefined : step.value;
    },
  };
}
