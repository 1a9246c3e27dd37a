import type { Proc } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { parse } from "../parse/parse.ts";
import type { Exec, RoutineCall } from "../run/exec.ts";
import type { Block } from "../session/block.ts";
import { toPgError } from "../session/errors.ts";
import type { SessionState } from "../session/state.ts";
import type { Datum } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { formatType } from "../types/type-text.ts";
import { InnerSql } from "./inner-sql.ts";
import { type CompiledBody, compileBody } from "./plpgsql/compile.ts";
import {
  drain,
  Interpreter,
  type NestedCall,
  type NonAtomic,
  type Returning,
  shapeRows,
} from "./plpgsql/interpreter.ts";
import { NameScope, type Variable } from "./plpgsql/variables.ts";

/** So deep may routines call each other. */
const depthMax = 150;
/** So many compiled bodies are kept for a session. */
const bodiesMax = 500;

/** The compiled bodies of a session's routines, by the routine and the types it is called with. */
const bodies = new WeakMap<SessionState, Map<string, { readonly proc: Proc; readonly body: CompiledBody }>>();

/** Parameters with their place: which take an argument, and which give a result. */
interface Parameter {
  readonly name: string;
  readonly type: number;
  readonly isIn: boolean;
  readonly isOut: boolean;
}

function parametersOf(call: RoutineCall): Parameter[] {
  const { proc, argTypes } = call;
  let next = 0;
  return proc.allArguments.map((type, i) => {
    const mode = proc.modes[i] ?? "i";
    const isIn = "ibv".includes(mode);
    const name = proc.argumentNames[i] ?? "";
    return { name, type: isIn ? (argTypes[next++] ?? type) : type, isIn, isOut: "obt".includes(mode) };
  });
}

function nameOf(session: SessionState, proc: Proc): string {
  const types = proc.arguments.map((type) => formatType(session.catalog, type, -1, session.io.searchPath));
  return `function ${proc.name}(${types.join(",")})`;
}

/** Runs a routine and gives what it returns: one value, or the values of its set. */
export function callRoutine(session: SessionState, block: Block, exec: Exec, call: RoutineCall): Datum[] {
  const { proc } = call;
  if (exec.depth > depthMax)
    throw new PgError("54001", "stack depth limit exceeded", {
      hint: `Routines may call each other ${depthMax} deep.`,
    });
  if (proc.result === oid.trigger)
    throw new PgError("0A000", "trigger functions can only be called as triggers");
  const undo: (() => void)[] = [];
  if (proc.securityDefiner === true) undo.push(session.authority.actAs(proc.owner));
  try {
    for (const [name, value] of proc.settings ?? []) undo.push(session.settings.within(name, value));
    return proc.language === "sql"
      ? callSql(session, block, exec, call)
      : callPlpgsql(session, block, exec, call);
  } finally {
    for (const back of undo.reverse()) back();
  }
}

function callPlpgsql(session: SessionState, block: Block, exec: Exec, call: RoutineCall): Datum[] {
  const { proc } = call;
  const { interpreter, out } = interpreterOf(session, block, exec, call);
  drain(interpreter.run());
  if (proc.kind === "p") return [...out()];
  return proc.returnsSet ? interpreter.rows : [interpreter.value];
}

/** A procedure that may end its transaction, ready to run; undefined when it never does, or may not. */
export function beginProcedure(
  session: SessionState,
  block: Block,
  exec: Exec,
  call: RoutineCall,
): NestedCall | undefined {
  return mayEnd(session, call)
    ? interpreterOf(session, block, exec, call, nonAtomic(session, 0, false))
    : undefined;
}

function mayEnd(session: SessionState, call: RoutineCall): boolean {
  const { language, securityDefiner, settings = [] } = call.proc;
  const isFree = language === "plpgsql" && securityDefiner !== true && settings.length === 0;
  return isFree && endsTransactions(bodyOf(session, call, parametersOf(call)).root);
}

function nonAtomic(session: SessionState, depth: number, isInChange: boolean): NonAtomic {
  return {
    isInChange,
    nested: (call, sql, isNowInChange) => {
      if (depth > depthMax)
        throw new PgError("54001", "stack depth limit exceeded", {
          hint: `Routines may call each other ${depthMax} deep.`,
        });
      if (!mayEnd(session, call)) return undefined;
      return interpreterOf(session, sql.block, sql.exec, call, nonAtomic(session, depth + 1, isNowInChange));
    },
  };
}

const enders = new WeakMap<object, boolean>();

/** Whether a body has COMMIT or ROLLBACK in it, or calls a procedure that may. */
function endsTransactions(root: object): boolean {
  let known = enders.get(root);
  if (known === undefined) {
    const has = (value: unknown): boolean => {
      if (typeof value !== "object" || value === null) return false;
      const { kind } = value as { readonly kind?: unknown };
      return kind === "transaction" || kind === "call" || Object.values(value).some(has);
    };
    known = has(root);
    enders.set(root, known);
  }
  return known;
}

function interpreterOf(
  session: SessionState,
  block: Block,
  exec: Exec,
  call: RoutineCall,
  mode?: NonAtomic,
): NestedCall {
  const { proc } = call;
  const parameters = parametersOf(call);
  const body = bodyOf(session, call, parameters);
  const frame: Datum[] = [];
  let next = 0;
  for (const parameter of parameters) frame.push(parameter.isIn ? (call.args[next++] ?? null) : null);
  const sql = new InnerSql(
    session,
    block,
    exec,
    parameters.map(({ type }) => type),
    { isReadOnly: proc.volatility !== "v" && proc.kind !== "p", onConflict: "error" },
  );
  const out = parameters.flatMap((parameter, slot): Variable[] =>
    parameter.isOut
      ? [{ slot, name: parameter.name, type: parameter.type, typmod: -1, constant: false, notNull: false }]
      : [],
  );
  const returning: Returning = {
    returnsSet: proc.returnsSet,
    type: call.resultType,
    out,
    isProcedure: proc.kind === "p",
  };
  const interpreter = new Interpreter(body, sql, frame, returning, nameOf(session, proc), mode);
  return { interpreter, out: () => out.map(({ slot }) => interpreter.frame[slot] ?? null) };
}

function bodyOf(session: SessionState, call: RoutineCall, parameters: readonly Parameter[]): CompiledBody {
  const { proc } = call;
  let known = bodies.get(session);
  if (known === undefined) {
    known = new Map();
    bodies.set(session, known);
  }
  const key = `${proc.oid} ${call.argTypes.join()}`;
  const found = known.get(key);
  if (found !== undefined && found.proc === proc && found.body.catalogVersion === session.catalog.version)
    return found.body;
  const body = compileBody(
    proc.source,
    proc.name,
    parameters.map(({ name, type }) => ({ name, type })),
    session.io,
  );
  if (known.size >= bodiesMax) known.delete(known.keys().next().value!);
  known.set(key, { proc, body });
  return body;
}

/** A function in SQL: its statements in order; the last one's rows are its result. */
function callSql(session: SessionState, block: Block, exec: Exec, call: RoutineCall): Datum[] {
  const { proc, args } = call;
  const parameters = parametersOf(call);
  const scope = sqlScope(session, call, parameters);
  const inputs = parameters.filter(({ isIn }) => isIn);
  const sql = new InnerSql(
    session,
    block,
    exec,
    inputs.map(({ type }) => type),
    { isReadOnly: proc.volatility !== "v" && proc.kind !== "p", onConflict: "column" },
  );
  const frame = [...args];
  while (frame.length < inputs.length) frame.push(null);
  try {
    const statements = proc.body === undefined ? parse(proc.source) : proc.body.statements.flatMap(parse);
    let result: ReturnType<InnerSql["run"]> | undefined;
    for (const { text } of statements) result = sql.run(text, scope, frame);
    const isVoid =
      call.resultType === oid.void || (proc.kind === "p" && !parameters.some(({ isOut }) => isOut));
    if (isVoid || result === undefined) return proc.returnsSet ? [] : [null];
    if (result.columns.length === 0)
      throw new PgError(
        "42P13",
        `return type mismatch in function declared to return ${formatType(session.catalog, call.resultType, -1, session.io.searchPath)}`,
        {
          detail: "Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.",
        },
      );
    const out = parameters.filter(({ isOut }) => isOut);
    if (proc.kind === "p") return [...(result.rows[0] ?? out.map(() => null))];
    const shape = shapeRows(sql, result.columns, call.resultType, out);
    if (proc.returnsSet) return result.rows.map(shape);
    const [first] = result.rows;
    return [first === undefined ? null : shape(first)];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const given = toPgError(error);
    const where = `SQL function "${proc.name}"`;
    throw new PgError(given.code, given.message, {
      ...given.details,
      position: undefined,
      where: given.details.where === undefined ? where : `${given.details.where}\n${where}`,
    });
  }
}

const scopes = new WeakMap<Proc, Map<string, NameScope>>();

/** The names of a function's arguments; what is prepared in it is kept with it. */
function sqlScope(session: SessionState, call: RoutineCall, parameters: readonly Parameter[]): NameScope {
  let known = scopes.get(call.proc);
  if (known === undefined) {
    known = new Map();
    scopes.set(call.proc, known);
  }
  const key = `${session.processId} ${call.argTypes.join()}`;
  let scope = known.get(key);
  if (scope === undefined) {
    scope = new NameScope(undefined, call.proc.body?.label ?? call.proc.name);
    let slot = 0;
    for (const { name, type, isIn } of parameters) {
      if (!isIn) continue;
      if (name !== "")
        scope.names.set(name, { slot, name, type, typmod: -1, constant: false, notNull: false });
      slot++;
    }
    if (known.size >= bodiesMax) known.clear();
    known.set(key, scope);
  }
  return scope;
}

function inlineBlock(
  session: SessionState,
  block: Block,
  exec: Exec,
  body: CompiledBody,
  mode?: NonAtomic,
): Interpreter {
  const sql = new InnerSql(session, block, exec, [], { isReadOnly: false, onConflict: "error" });
  const returning: Returning = { returnsSet: false, type: oid.void, out: [], isProcedure: true };
  return new Interpreter(body, sql, [], returning, "function inline_code_block", mode);
}

/** DO: a body of its own, in steps. */
export function* runBlock(
  session: SessionState,
  block: Block,
  exec: Exec,
  source: string,
): Generator<void, void, void> {
  const body = compileBody(source, undefined, [], session.io);
  for (const _pause of inlineBlock(session, block, exec, body).run()) yield;
}

/** A DO that may end its transaction; undefined when it never does. */
export function beginBlock(
  session: SessionState,
  block: Block,
  exec: Exec,
  source: string,
): { readonly interpreter: Interpreter } | undefined {
  const body = compileBody(source, undefined, [], session.io);
  if (!endsTransactions(body.root)) return undefined;
  return { interpreter: inlineBlock(session, block, exec, body, nonAtomic(session, 0, false)) };
}

/** The language of DO and CREATE FUNCTION. @throws PgError 42704, 0A000 */
export function requireLanguage(name: string): "sql" | "plpgsql" {
  const language = name.toLowerCase();
  if (language === "sql" || language === "plpgsql") return language;
  if (language === "c" || language === "internal") throw notSupported(`language ${language}`);
  throw new PgError("42704", `language "${language}" does not exist`, {
    hint: "Use CREATE EXTENSION to load the language into the database.",
  });
}
