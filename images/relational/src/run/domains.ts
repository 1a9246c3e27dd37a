import type { DomainCoerceExpr } from "../analyse/expr.ts";
import { PgError } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import { formatType } from "../types/type-text.ts";
import type { Compiled, ExprCompiler } from "./compiler.ts";
import type { Env, Exec } from "./exec.ts";
import type { Scope } from "./scope.ts";

/** A domain's checks, made from the text that the catalog keeps; given by the session, which knows how to analyse. */
export type DomainCheck = (value: Datum, exec: Exec) => boolean;
export type DomainChecks = (
  compiler: ExprCompiler,
  typeOid: number,
) => readonly { readonly name: string; readonly holds: DomainCheck }[];

let domainChecks: DomainChecks = () => [];
export function useDomainChecks(checks: DomainChecks): void {
  domainChecks = checks;
}

export function compileDomain(compiler: ExprCompiler, expr: DomainCoerceExpr, scope: Scope): Compiled {
  const arg = compiler.compile(expr.arg, scope);
  const check = domainCheck(compiler, expr.type);
  return (row, env: Env) => {
    const value = arg(row, env);
    check(value, env.exec);
    return value;
  };
}

/** Throws when a value cannot be of the domain. @throws PgError 23502, 23514 */
export function domainCheck(compiler: ExprCompiler, typeOid: number): (value: Datum, exec: Exec) => void {
  const { catalog } = compiler;
  const chain: { name: string; notNull: boolean; oid: number }[] = [];
  for (let type = catalog.type(typeOid); type?.kind === "d"; type = catalog.type(type.baseType))
    chain.push({ name: type.name, notNull: type.notNull, oid: type.oid });
  chain.reverse();
  const checks = chain.map((link) => ({ ...link, checks: domainChecks(compiler, link.oid) }));
  return (value, exec) => {
    for (const { oid, notNull, checks: list } of checks) {
      const name = formatType(catalog, oid, -1, exec.io.searchPath);
      if (notNull && value === null)
        throw new PgError("23502", `domain ${name} does not allow null values`, { dataType: name });
      for (const check of list) {
        if (!check.holds(value, exec)) {
          throw new PgError("23514", `value for domain ${name} violates check constraint "${check.name}"`, {
            dataType: name,
            constraint: check.name,
          });
        }
      }
    }
  };
}
