import { AnalyseContext } from "../../analyse/context.ts";
import { resolveTypeName } from "../../analyse/type-names.ts";
import type { Proc } from "../../catalog/model.ts";
import { PgError } from "../../errors.ts";
import type { Node } from "../../parse/ast.ts";
import { parse } from "../../parse/parse.ts";
import { oid } from "../../types/oids.ts";
import type { IoContext } from "../../types/type-ops.ts";
import type { Block, CursorDefinition, Declaration } from "./ast.ts";
import { parsePlpgsql } from "./parse.ts";
import { NameScope, type Variable } from "./variables.ts";

/** A body with its names resolved, for one call's types. */
export interface CompiledBody {
  readonly root: Block;
  /** Holds the arguments, FOUND and what the call brings; the body's own block is within. */
  readonly outermost: NameScope;
  readonly found: Variable;
  readonly slots: { count: number };
  /** By block or loop. */
  readonly scopes: Map<object, NameScope>;
  readonly cursors: Map<Variable, CursorDefinition>;
  readonly catalogVersion: number;
}

export interface GivenVariable {
  readonly name: string;
  readonly type: number;
}

/** Makes a body ready to run with variables that the call gives, in the first slots. */
export function compileBody(
  source: string,
  label: string | undefined,
  given: readonly GivenVariable[],
  io: IoContext,
): CompiledBody {
  const root = parsePlpgsql(source);
  const outermost = new NameScope(undefined, label);
  const slots = { count: 0 };
  for (const { name, type } of given) {
    const variable = { slot: slots.count++, name, type, typmod: -1, constant: false, notNull: false };
    if (name !== "") outermost.names.set(name, variable);
    outermost.names.set(`$${variable.slot + 1}`, variable);
  }
  const found = variableIn(outermost, slots, "found", oid.bool);
  const body: CompiledBody = {
    root,
    outermost,
    found,
    slots,
    scopes: new Map(),
    cursors: new Map(),
    catalogVersion: io.catalog.version,
  };
  return body;
}

export function variableIn(
  scope: NameScope,
  slots: { count: number },
  name: string,
  type: number,
  options: { readonly typmod?: number; readonly constant?: boolean; readonly notNull?: boolean } = {},
): Variable {
  const variable: Variable = {
    slot: slots.count++,
    name,
    type,
    typmod: options.typmod ?? -1,
    constant: options.constant === true,
    notNull: options.notNull === true,
  };
  scope.names.set(name, variable);
  return variable;
}

/** The scope of a block, with its declarations; made at its first run. */
export function blockScope(body: CompiledBody, block: Block, parent: NameScope, io: IoContext): NameScope {
  let scope = body.scopes.get(block);
  if (scope !== undefined) return scope;
  scope = new NameScope(parent, block.label);
  for (const declaration of block.declarations) declare(body, scope, declaration, io);
  body.scopes.set(block, scope);
  return scope;
}

function declare(body: CompiledBody, scope: NameScope, declaration: Declaration, io: IoContext): void {
  const { name } = declaration;
  if (scope.names.has(name)) throw new PgError("42601", `duplicate declaration at or near "${name}"`);
  if (declaration.alias !== undefined) {
    const found = scope.resolve(declaration.alias);
    if (found === undefined)
      throw new PgError("42704", `variable "${declaration.alias.join(".")}" does not exist`);
    scope.names.set(name, found.variable);
    return;
  }
  const { type, typmod } = declaredType(declaration.type, scope, io);
  const { constant, notNull } = declaration;
  const variable = variableIn(scope, body.slots, name, type, { typmod, constant, notNull });
  if (declaration.cursor !== undefined) body.cursors.set(variable, declaration.cursor);
}

/** A type as a declaration names it: `%TYPE`, `%ROWTYPE`, `record` or any other. */
export function declaredType(
  text: string,
  scope: NameScope,
  io: IoContext,
): { type: number; typmod: number } {
  const row = /^(.*?)\s*%\s*rowtype$/is.exec(text);
  const written = row === null ? text : row[1]!;
  if (/^record$/i.test(written)) return { type: oid.record, typmod: -1 };
  const like = /^((?:[\w$]+|"(?:[^"]|"")+")(?:\.(?:[\w$]+|"(?:[^"]|"")+"))*)\s*%\s*type(\s*\[\s*\])?$/is.exec(
    written,
  );
  if (like !== null) {
    const names = [...like[1]!.matchAll(/[\w$]+|"(?:[^"]|"")+"/g)].map(([name]) =>
      name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase(),
    );
    const found = scope.resolve(names);
    if (found !== undefined && found.fields.length === 0)
      return { type: found.variable.type, typmod: found.variable.typmod };
  }
  const ctx = new AnalyseContext(io, [], false);
  // The grammar has %TYPE only where a function's types are given.
  const create = parse(`CREATE FUNCTION f() RETURNS ${written} LANGUAGE sql AS ''`)[0]!.node
    .CreateFunctionStmt!;
  return resolveTypeName(ctx, create.returnType!);
}

export function signatureText(proc: Proc, types: readonly string[]): string {
  return `${proc.name}(${types.join(",")})`;
}

export type { Node };
