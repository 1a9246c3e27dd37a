import { coerceToTarget } from "../analyse/coerce.ts";
import type { AnalyseContext } from "../analyse/context.ts";
import { isPolymorphic } from "../analyse/polymorphic.ts";
import { resolveTypeName } from "../analyse/type-names.ts";
import { procsByName } from "../catalog/builtin.ts";
import type { Proc } from "../catalog/model.ts";
import { usableNamespace } from "../catalog/namespaces.ts";
import { initialAcl } from "../catalog/rights.ts";
import { deparse } from "../deparse/expr.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { parse } from "../parse/parse.ts";
import { oid } from "../types/oids.ts";
import { formatType } from "../types/type-text.ts";
import { analyserOf, type Ddl, deparseContext, newOid, qualifiedNamespace } from "./context.ts";
import { requireRoutineOwner } from "./rights.ts";
import { analyseBody } from "./routine-bodies.ts";
import { recordDependencies } from "./views.ts";

const modes: Readonly<Record<string, string>> = {
  FUNC_PARAM_IN: "i",
  FUNC_PARAM_DEFAULT: "i",
  FUNC_PARAM_OUT: "o",
  FUNC_PARAM_INOUT: "b",
  FUNC_PARAM_VARIADIC: "v",
  FUNC_PARAM_TABLE: "t",
};

/** Checks a body in PL/pgSQL when its function is made; given by what runs them. @throws PgError 42601 */
export type BodyCheck = (source: string, returnsValue: boolean) => void;
let checkBody: BodyCheck = () => {};
export function useBodyCheck(check: BodyCheck): void {
  checkBody = check;
}

interface Parameter {
  readonly name: string;
  readonly mode: string;
  readonly type: number;
  readonly default: Node | undefined;
}

function parametersOf(ctx: AnalyseContext, nodes: readonly Node[]): Parameter[] {
  return nodes.map((node) => {
    const { name = "", mode, argType, defexpr } = node.FunctionParameter!;
    const { type } = resolveTypeName(ctx, argType!);
    return { name, mode: modes[mode ?? ""] ?? "i", type, default: defexpr as Node | undefined };
  });
}

interface Options {
  readonly language: string;
  readonly source: string;
  readonly volatility: Proc["volatility"];
  readonly strict: boolean;
  readonly securityDefiner: boolean;
  readonly leakproof: boolean;
  readonly parallel: "s" | "r" | "u";
  readonly settings: readonly (readonly [string, string])[];
  readonly cost: number | undefined;
  readonly rows: number | undefined;
}

type Changes = { -readonly [Key in keyof Options]?: Options[Key] };

/** Options of CREATE and ALTER FUNCTION, by what they change. */
function readOptions(nodes: readonly Node[], before: readonly (readonly [string, string])[]): Changes {
  const found: Changes = {};
  let settings = [...before];
  for (const node of nodes) {
    const { defname = "", arg: given } = node.DefElem!;
    const arg = given as Node | undefined;
    const isTrue = arg?.Boolean?.boolval === true;
    switch (defname) {
      case "language":
        found.language = stringOf(arg).toLowerCase();
        break;
      case "as": {
        const texts = arg?.List === undefined ? [stringOf(arg)] : strings(arg.List.items as Node[]);
        if (texts.length > 1) throw notSupported("a function in C");
        found.source = texts[0] ?? "";
        break;
      }
      case "volatility":
        found.volatility = stringOf(arg)[0] as Proc["volatility"];
        break;
      case "strict":
        found.strict = isTrue;
        break;
      case "security":
        found.securityDefiner = isTrue;
        break;
      case "leakproof":
        found.leakproof = isTrue;
        break;
      case "parallel":
        found.parallel = stringOf(arg)[0] as "s";
        break;
      case "cost":
        found.cost = Number(arg?.Float?.fval ?? arg?.Integer?.ival ?? 0);
        break;
      case "rows":
        found.rows = Number(arg?.Float?.fval ?? arg?.Integer?.ival ?? 0);
        break;
      case "set":
        settings = changedSettings(settings, arg!.VariableSetStmt!);
        found.settings = settings;
        break;
      case "window":
      case "transform":
      case "support":
        throw notSupported(`${defname.toUpperCase()} of CREATE FUNCTION`);
      default:
        throw new PgError("42601", `unrecognized function option "${defname}"`);
    }
  }
  return found;
}

function changedSettings(
  settings: readonly (readonly [string, string])[],
  { kind, name = "", args }: pg.VariableSetStmt,
): (readonly [string, string])[] {
  if (kind === "VAR_RESET_ALL") return [];
  const rest = settings.filter(([key]) => key !== name);
  if (kind === "VAR_RESET" || kind === "VAR_SET_DEFAULT") return rest;
  const values = ((args ?? []) as Node[]).map((node) => {
    const constant = node.A_Const;
    if (constant?.ival !== undefined) return String(constant.ival.ival ?? 0);
    if (constant?.fval !== undefined) return constant.fval.fval ?? "";
    if (constant?.boolval !== undefined) return constant.boolval.boolval === true ? "on" : "off";
    const text = constant?.sval?.sval ?? "";
    return name === "search_path" && !/^[a-z_][a-z0-9_$]*$/.test(text)
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  });
  return [...rest, [name, values.join(", ")]];
}

function shownTypes(ddl: Ddl, types: readonly number[]): string {
  return types.map((type) => formatType(ddl.catalog, type, -1, ddl.io.searchPath)).join(", ");
}

/** CREATE [OR REPLACE] FUNCTION and PROCEDURE. @throws PgError 42723, 42P13, 42704 */
export function createRoutine(ddl: Ddl, node: pg.CreateFunctionStmt): void {
  const { ctx } = analyserOf(ddl);
  const isProcedure = node.is_procedure === true;
  const { namespace, name } = qualifiedNamespace(ddl, strings(node.funcname as Node[]));
  const parameters = parametersOf(ctx, (node.parameters ?? []) as Node[]);
  const options = readOptions((node.options ?? []) as Node[], []);
  const sqlBody = node.sql_body as Node | undefined;
  const language = options.language ?? (sqlBody === undefined ? undefined : "sql");
  if (language === undefined) throw new PgError("42P13", "no language specified");
  if (sqlBody !== undefined && options.source !== undefined)
    throw new PgError("42P13", "duplicate function body specified");
  if (sqlBody === undefined && options.source === undefined)
    throw new PgError("42P13", "no function body specified");
  if (language !== "sql" && language !== "plpgsql") {
    if (language === "c" || language === "internal") throw notSupported(`language ${language}`);
    throw new PgError("42704", `language "${language}" does not exist`, {
      hint: "Use CREATE EXTENSION to load the language into the database.",
    });
  }
  if (sqlBody !== undefined && language !== "sql")
    throw new PgError("42P13", "inline SQL function body only valid for language SQL");
  const inputs = parameters.filter(({ mode }) => "ibv".includes(mode));
  const outputs = parameters.filter(({ mode }) => "obt".includes(mode));
  const result = resultOf(ddl, ctx, node, parameters, outputs, isProcedure);
  const defaults = defaultsOf(ddl, inputs);
  const existing = ddl.catalog
    .procsNamed(name)
    .find(
      (proc) => proc.namespace === namespace && proc.arguments.join() === inputs.map((p) => p.type).join(),
    );
  const kind = isProcedure ? "p" : "f";
  if (existing !== undefined) {
    if (node.replace !== true)
      throw new PgError("42723", `function "${name}" already exists with same argument types`);
    requireRoutineOwner(ddl, existing, existing.securityDefiner ?? options.securityDefiner);
    checkReplaced(existing, kind, result, name);
  }
  const analysed =
    sqlBody === undefined
      ? undefined
      : analyseBody(ddl, sqlBody, {
          name,
          inputs,
          result: { type: result.type, hasColumns: outputs.length > 0, isProcedure },
        });
  const variadic = parameters.find(({ mode }) => mode === "v");
  const hasModes = parameters.some(({ mode }) => mode !== "i");
  const proc: Proc = {
    oid: existing?.oid ?? newOid(ddl),
    name,
    namespace,
    owner: existing?.owner ?? ddl.owner,
    kind,
    returnsSet: result.isSet,
    strict: options.strict ?? false,
    volatility: options.volatility ?? "v",
    result: result.type,
    arguments: inputs.map(({ type }) => type),
    defaultCount: defaults.length,
    variadic: variadic === undefined ? 0 : (ctx.elementOf(variadic.type) ?? oid.any),
    modes: hasModes ? parameters.map(({ mode }) => mode).join("") : "",
    argumentNames: parameters.some((p) => p.name !== "") ? parameters.map((p) => p.name) : [],
    allArguments: parameters.map(({ type }) => type),
    source: options.source ?? "",
    ...(analysed === undefined ? {} : { body: analysed.body }),
    defaults,
    language,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    ...(options.securityDefiner === true ? { securityDefiner: true } : {}),
    ...(options.leakproof === true ? { leakproof: true } : {}),
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
    ...(options.cost === undefined ? {} : { cost: options.cost }),
    ...(options.rows === undefined ? {} : { rows: options.rows }),
  };
  const acl = existing === undefined ? initialAcl(ddl.catalog, "f", proc.owner, namespace) : existing.acl;
  const returnsValue = !isProcedure && !proc.returnsSet && outputs.length === 0 && proc.result !== oid.void;
  if (language === "plpgsql") checkBody(proc.source, returnsValue);
  else if (analysed === undefined) parse(proc.source);
  recordDependencies(ddl, proc.oid, analysed?.queries ?? []);
  ddl.catalog.set("proc", acl === undefined ? proc : { ...proc, acl });
}

function resultOf(
  ddl: Ddl,
  ctx: AnalyseContext,
  node: pg.CreateFunctionStmt,
  parameters: readonly Parameter[],
  outputs: readonly Parameter[],
  isProcedure: boolean,
): { readonly type: number; readonly isSet: boolean } {
  if (isProcedure) return { type: outputs.length > 0 ? oid.record : oid.void, isSet: false };
  const isTable = outputs.some(({ mode }) => mode === "t");
  const [only] = outputs;
  const implied = outputs.length === 0 ? undefined : outputs.length === 1 ? only!.type : oid.record;
  if (isTable) return { type: implied!, isSet: true };
  if (node.returnType === undefined) {
    if (implied === undefined) throw new PgError("42P13", "function result type must be specified");
    return { type: implied, isSet: false };
  }
  const isSet = node.returnType.setof === true;
  const { type } = resolveTypeName(ctx, node.returnType);
  if (implied !== undefined && implied !== type)
    throw new PgError(
      "42P13",
      `function result type must be ${formatType(ddl.catalog, implied, -1, ddl.io.searchPath)} because of OUT parameters`,
    );
  if (isPolymorphic(type) && !parameters.some((p) => isPolymorphic(p.type)))
    throw new PgError("42P13", "cannot determine result data type", {
      detail: `A result of type ${formatType(ddl.catalog, type, -1, ddl.io.searchPath)} requires at least one input of a polymorphic type.`,
    });
  return { type, isSet };
}

function defaultsOf(ddl: Ddl, inputs: readonly Parameter[]): string[] {
  const defaults: string[] = [];
  for (const parameter of inputs) {
    if (parameter.default === undefined) {
      if (defaults.length > 0)
        throw new PgError("42P13", "input parameters after one with a default value must also have defaults");
      continue;
    }
    const { ctx, analyser } = analyserOf(ddl);
    const given = analyser.constantExpression(parameter.default);
    const expr = coerceToTarget(ctx, given, parameter.type, -1, "implicit", "implicit");
    if (expr === undefined)
      throw new PgError(
        "42804",
        `argument of DEFAULT must be type ${ctx.formatType(parameter.type)}, not type ${ctx.formatType(given.type)}`,
      );
    defaults.push(deparse(deparseContext(ddl), expr));
  }
  return defaults;
}

/** What a function was, and may not become. @throws PgError 42809, 42P13 */
function checkReplaced(
  existing: Proc,
  kind: Proc["kind"],
  result: { readonly type: number; readonly isSet: boolean },
  name: string,
): void {
  if (existing.kind !== kind)
    throw new PgError("42809", "cannot change routine kind", {
      detail: `"${name}" is a ${existing.kind === "p" ? "procedure" : "function"}.`,
    });
  if (existing.result !== result.type || existing.returnsSet !== result.isSet)
    throw new PgError(
      "42P13",
      existing.kind === "p"
        ? "cannot change whether a procedure has output parameters"
        : "cannot change return type of existing function",
      { hint: `Use DROP ${kind === "p" ? "PROCEDURE" : "FUNCTION"} ${name}(...) first.` },
    );
}

const routineWords: Readonly<Record<string, string>> = {
  OBJECT_FUNCTION: "function",
  OBJECT_PROCEDURE: "procedure",
  OBJECT_ROUTINE: "routine",
  OBJECT_AGGREGATE: "aggregate",
};

/** The routine that a name with or without its arguments means; undefined when there is none. @throws PgError 42725 */
export function findRoutine(ddl: Ddl, object: pg.ObjectWithArgs, objectType: string): Proc | undefined {
  const { ctx } = analyserOf(ddl);
  const names = strings(object.objname as Node[]);
  const schema = names.at(-2);
  const word = routineWords[objectType] ?? "function";
  const fits = (proc: Proc) =>
    objectType === "OBJECT_ROUTINE" || proc.kind === (objectType === "OBJECT_PROCEDURE" ? "p" : "f");
  const namespace =
    schema === undefined ? undefined : usableNamespace({ ...ddl.io, catalog: ddl.catalog }, schema)?.oid;
  const found = ddl.catalog
    .procsNamed(names.at(-1)!)
    .filter(
      (proc) =>
        (schema === undefined ? ddl.io.searchPath.includes(proc.namespace) : proc.namespace === namespace) &&
        fits(proc),
    );
  if (object.args_unspecified === true) {
    if (found.length > 1)
      throw new PgError("42725", `${word} name "${names.join(".")}" is not unique`, {
        hint: `Specify the argument list to select the ${word} unambiguously.`,
      });
    return found[0];
  }
  const types = ((object.objargs ?? []) as Node[]).map((arg) => resolveTypeName(ctx, arg.TypeName!).type);
  const parameters =
    object.objfuncargs === undefined ? undefined : parametersOf(ctx, object.objfuncargs as Node[]);
  const inputs = parameters?.filter(({ mode }) => "ibv".includes(mode)).map(({ type }) => type);
  return (
    found.find((proc) => proc.arguments.join() === types.join()) ??
    (inputs === undefined ? undefined : found.find((proc) => proc.arguments.join() === inputs.join())) ??
    found.find((proc) => proc.kind === "p" && proc.allArguments.join() === types.join())
  );
}

export function missingRoutine(ddl: Ddl, object: pg.ObjectWithArgs, objectType: string): PgError {
  const { ctx } = analyserOf(ddl);
  const names = strings(object.objname as Node[]);
  const word = routineWords[objectType] ?? "function";
  if (object.args_unspecified === true)
    return new PgError("42883", `could not find a ${word} named "${names.join(".")}"`);
  const types = ((object.objargs ?? []) as Node[]).map((arg) => resolveTypeName(ctx, arg.TypeName!).type);
  return new PgError("42883", `${word} ${names.join(".")}(${shownTypes(ddl, types)}) does not exist`);
}

export function dropRoutine(
  ddl: Ddl,
  object: pg.ObjectWithArgs,
  objectType: string,
  missingOk: boolean,
  cascade: boolean,
): void {
  const names = strings(object.objname as Node[]);
  const proc = objectType === "OBJECT_AGGREGATE" ? undefined : findRoutine(ddl, object, objectType);
  if (proc === undefined) {
    const error = missingRoutine(ddl, object, objectType);
    const isBuiltin = (procsByName.get(names.at(-1)!) ?? []).length > 0 && names.length === 1;
    if (isBuiltin && !missingOk)
      throw new PgError(
        "2BP01",
        `cannot drop function ${names.at(-1)} because it is required by the database system`,
      );
    if (!missingOk) throw error;
    ddl.notice(
      `${error.message.replace(/^could not find a /, "")}, skipping`.replace(
        / named "(.*)",/,
        " $1() does not exist,",
      ),
    );
    return;
  }
  requireRoutineOwner(ddl, proc);
  const shown = `function ${proc.name}(${proc.arguments.map((type) => formatType(ddl.catalog, type, -1, ddl.io.searchPath)).join(",")})`;
  const triggers = [...ddl.catalog.all("trigger")].filter((trigger) => trigger.proc === proc.oid);
  if (triggers.length > 0 && !cascade)
    throw new PgError("2BP01", `cannot drop ${shown} because other objects depend on it`, {
      detail: triggers
        .map(
          (trigger) =>
            `trigger ${trigger.name} on table ${ddl.catalog.get("relation", trigger.relation)?.name} depends on ${shown}`,
        )
        .join("\n"),
      hint: "Use DROP ... CASCADE to drop the dependent objects too.",
    });
  const told = triggers.map(
    (trigger) =>
      `drop cascades to trigger ${trigger.name} on table ${ddl.catalog.get("relation", trigger.relation)?.name}`,
  );
  if (told.length === 1) ddl.notice(told[0]!);
  else if (told.length > 1)
    ddl.notice(`drop cascades to ${told.length} other objects`, "NOTICE", { detail: told.join("\n") });
  for (const trigger of triggers) ddl.catalog.delete("trigger", trigger.oid);
  removeRoutine(ddl, proc);
}

/** A routine, with what is known of what its body reads. */
export function removeRoutine(ddl: Ddl, proc: Proc): void {
  recordDependencies(ddl, proc.oid, []);
  ddl.catalog.delete("proc", proc.oid);
}

/** ALTER FUNCTION ... IMMUTABLE and the like. */
export function alterRoutine(ddl: Ddl, node: pg.AlterFunctionStmt): void {
  const type = node.objtype ?? "OBJECT_FUNCTION";
  const proc = findRoutine(ddl, node.func!, type);
  if (proc === undefined) throw missingRoutine(ddl, node.func!, type);
  const {
    language: _l,
    source: _s,
    ...changes
  } = readOptions((node.actions ?? []) as Node[], proc.settings ?? []);
  requireRoutineOwner(ddl, proc, proc.securityDefiner === true || changes.securityDefiner === true);
  ddl.catalog.set("proc", { ...proc, ...(changes as Partial<Proc>) });
}
