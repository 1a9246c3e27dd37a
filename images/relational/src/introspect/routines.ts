import { builtinProcs } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import {
  catalogNamespace,
  informationNamespace,
  type Proc,
  type Trigger,
  type TriggerEvent,
} from "../catalog/model.ts";
import { relationName } from "../deparse/names.ts";
import { shownBody } from "../deparse/routine-body.ts";
import { PgError } from "../errors.ts";
import { type CallContext, defineWith } from "../functions/registry.ts";
import type { Exec } from "../run/exec.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import type { IoContext } from "../types/type-ops.ts";
import { formatType, quoteName } from "../types/type-text.ts";
import { defineRows } from "./row-sources.ts";

/** Functions and triggers as pg_catalog, information_schema and psql show them. */

type Values = Readonly<Record<string, Datum | undefined>>;

function rows(namespace: number, name: string, source: (exec: Exec) => Iterable<Values>): void {
  defineRows(name, function* (exec) {
    const relation = exec.catalog.relationByName(namespace, name)!;
    const names = relation.columns.map((column) => column.name);
    for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
  });
}

const procOf = (catalog: Catalog, id: number) => builtinProcs.get(id) ?? catalog.get("proc", id);

const modeWords: Readonly<Record<string, string>> = { o: "OUT ", b: "INOUT ", v: "VARIADIC " };

function argumentList(catalog: Catalog, io: IoContext, proc: Proc, withDefaults: boolean): string {
  const firstDefault = proc.arguments.length - proc.defaultCount;
  const inWord = proc.kind === "p" ? "IN " : "";
  let input = 0;
  const parts: string[] = [];
  for (const [i, type] of proc.allArguments.entries()) {
    const mode = proc.modes[i] ?? "i";
    if (mode === "t") continue;
    const word = mode === "i" ? inWord : (modeWords[mode] ?? "");
    const name = proc.argumentNames[i];
    const shownName = name === undefined || name === "" ? "" : `${quoteName(name)} `;
    let text = `${word}${shownName}${formatType(catalog, type, -1, io.searchPath)}`;
    if (mode !== "o") {
      if (withDefaults && input >= firstDefault)
        text += ` DEFAULT ${proc.defaults[input - firstDefault] ?? ""}`;
      input++;
    }
    parts.push(text);
  }
  return parts.join(", ");
}

function resultText(catalog: Catalog, io: IoContext, proc: Proc): string | null {
  if (proc.kind === "p") return null;
  const table = proc.allArguments
    .map((type, i) => ({ type, mode: proc.modes[i] ?? "i", name: proc.argumentNames[i] }))
    .filter(({ mode }) => mode === "t")
    .map(({ type, name }) => `${quoteName(name ?? "")} ${formatType(catalog, type, -1, io.searchPath)}`);
  if (table.length > 0) return `TABLE(${table.join(", ")})`;
  return `${proc.returnsSet ? "SETOF " : ""}${formatType(catalog, proc.result, -1, io.searchPath)}`;
}

defineWith("pg_get_function_arguments", (call: CallContext, id: number) => {
  const proc = procOf(call.catalog, id);
  return proc === undefined ? null : argumentList(call.catalog, call.run.io, proc, true);
});
defineWith("pg_get_function_identity_arguments", (call: CallContext, id: number) => {
  const proc = procOf(call.catalog, id);
  return proc === undefined ? null : argumentList(call.catalog, call.run.io, proc, false);
});
defineWith("pg_get_function_result", (call: CallContext, id: number) => {
  const proc = procOf(call.catalog, id);
  return proc === undefined ? null : resultText(call.catalog, call.run.io, proc);
});

const volatilityWords: Readonly<Record<string, string>> = { i: "IMMUTABLE", s: "STABLE" };
const parallelWords: Readonly<Record<string, string>> = { s: "PARALLEL SAFE", r: "PARALLEL RESTRICTED" };

/** CREATE OR REPLACE FUNCTION as pg_get_functiondef() writes it. */
function definition(catalog: Catalog, io: IoContext, proc: Proc): string {
  const schema = catalog.get("namespace", proc.namespace)?.name ?? "";
  const kind = proc.kind === "p" ? "PROCEDURE" : "FUNCTION";
  const args = argumentList(catalog, io, proc, true);
  const lines = [`CREATE OR REPLACE ${kind} ${quoteName(schema)}.${quoteName(proc.name)}(${args})`];
  const result = resultText(catalog, io, proc);
  if (result !== null) lines.push(` RETURNS ${result}`);
  lines.push(` LANGUAGE ${proc.language}`);
  const options = [
    volatilityWords[proc.volatility],
    parallelWords[proc.parallel ?? "u"],
    proc.strict ? "STRICT" : undefined,
    proc.securityDefiner === true ? "SECURITY DEFINER" : undefined,
    proc.leakproof === true ? "LEAKPROOF" : undefined,
    proc.cost === undefined || proc.cost === 100 ? undefined : `COST ${proc.cost}`,
    proc.rows === undefined || proc.rows === 1000 ? undefined : `ROWS ${proc.rows}`,
  ].filter((word) => word !== undefined);
  if (options.length > 0) lines.push(` ${options.join(" ")}`);
  for (const [name, value] of proc.settings ?? [])
    lines.push(
      ` SET ${quoteName(name)} TO ${name === "search_path" ? settingList(value) : `'${value.replaceAll("'", "''")}'`}`,
    );
  const body = shownBody(catalog, io, proc);
  if (body !== null) return `${[...lines, body].join("\n")}\n`;
  let tag = kind === "PROCEDURE" ? "procedure" : "function";
  while (proc.source.includes(`$${tag}$`)) tag += "x";
  lines.push(`AS $${tag}$${proc.source}$${tag}$`);
  return `${lines.join("\n")}\n`;
}

function settingList(value: string): string {
  return value
    .split(",")
    .map(
      (part) =>
        `'${part
          .trim()
          .replace(/^"(.*)"$/, "$1")
          .replaceAll("'", "''")}'`,
    )
    .join(", ");
}

defineWith("pg_get_functiondef", (call: CallContext, id: number) => {
  const proc = call.catalog.get("proc", id);
  if (proc !== undefined) return definition(call.catalog, call.run.io, proc);
  if (builtinProcs.has(id)) throw new PgError("42809", `function ${builtinProcs.get(id)!.name} has no text`);
  return null;
});

defineWith("pg_get_function_sqlbody", (call: CallContext, id: number) => {
  const proc = call.catalog.get("proc", id);
  return proc === undefined ? null : shownBody(call.catalog, call.run.io, proc);
});

const eventWords: readonly (readonly [TriggerEvent, string])[] = [
  ["insert", "INSERT"],
  ["delete", "DELETE"],
  ["update", "UPDATE"],
  ["truncate", "TRUNCATE"],
];

/** CREATE TRIGGER as pg_get_triggerdef() writes it. */
function triggerDefinition(catalog: Catalog, io: IoContext, trigger: Trigger, isPretty: boolean): string {
  const relation = catalog.get("relation", trigger.relation)!;
  const proc = catalog.get("proc", trigger.proc);
  const column = (attnum: number) =>
    quoteName(relation.columns.find((c) => c.attnum === attnum)?.name ?? "?");
  const events = eventWords
    .filter(([event]) => trigger.events.includes(event))
    .map(([event, word]) =>
      event === "update" && trigger.columns.length > 0
        ? `${word} OF ${trigger.columns.map(column).join(", ")}`
        : word,
    )
    .join(" OR ");
  const timing = trigger.timing === "instead" ? "INSTEAD OF" : trigger.timing.toUpperCase();
  const { constraint } = trigger;
  const deferral =
    constraint === undefined
      ? ""
      : constraint.deferrable
        ? ` DEFERRABLE INITIALLY ${constraint.deferred ? "DEFERRED" : "IMMEDIATE"}`
        : " NOT DEFERRABLE INITIALLY IMMEDIATE";
  const tables = [
    trigger.oldTable === undefined ? "" : ` OLD TABLE AS ${quoteName(trigger.oldTable)}`,
    trigger.newTable === undefined ? "" : ` NEW TABLE AS ${quoteName(trigger.newTable)}`,
  ].join("");
  const condition =
    trigger.condition === undefined
      ? ""
      : ` WHEN (${isPretty ? trigger.condition : `(${trigger.condition})`})`;
  const args = trigger.args.map((arg) => `'${arg.replaceAll("'", "''")}'`).join(", ");
  const schema = catalog.get("namespace", proc?.namespace ?? 0)?.name ?? "";
  const isVisible = io.searchPath.includes(proc?.namespace ?? 0);
  const name = `${isVisible ? "" : `${quoteName(schema)}.`}${quoteName(proc?.name ?? "?")}`;
  return `CREATE ${constraint === undefined ? "" : "CONSTRAINT "}TRIGGER ${quoteName(trigger.name)} ${timing} ${events} ON ${relationName(catalog, io, relation, !isPretty)}${deferral}${tables === "" ? "" : ` REFERENCING${tables}`} FOR EACH ${trigger.perRow ? "ROW" : "STATEMENT"}${condition} EXECUTE FUNCTION ${name}(${args})`;
}

for (const name of ["pg_get_triggerdef", "pg_get_triggerdef_ext"]) {
  defineWith(name, (call: CallContext, id: number, isPretty?: boolean) => {
    const trigger = call.catalog.get("trigger", id);
    return trigger === undefined
      ? null
      : triggerDefinition(call.catalog, call.run.io, trigger, isPretty === true);
  });
}

function typeBits(trigger: Trigger): number {
  let bits = trigger.perRow ? 1 : 0;
  if (trigger.timing === "before") bits |= 2;
  if (trigger.timing === "instead") bits |= 64;
  if (trigger.events.includes("insert")) bits |= 4;
  if (trigger.events.includes("delete")) bits |= 8;
  if (trigger.events.includes("update")) bits |= 16;
  if (trigger.events.includes("truncate")) bits |= 32;
  return bits;
}

rows(catalogNamespace, "pg_trigger", function* ({ catalog }) {
  for (const t of catalog.all("trigger")) {
    yield {
      oid: t.oid,
      tgrelid: t.relation,
      tgparentid: t.parent ?? 0,
      tgname: t.name,
      tgfoid: t.proc,
      tgtype: typeBits(t),
      tgenabled: t.enabled,
      tgisinternal: false,
      tgconstrrelid: 0,
      tgconstrindid: 0,
      tgconstraint: t.constraint === undefined ? 0 : t.oid,
      tgdeferrable: t.constraint?.deferrable === true,
      tginitdeferred: t.constraint?.deferred === true,
      tgnargs: t.args.length,
      tgattr: new PgArray(
        [...t.columns],
        t.columns.length === 0 ? [] : [t.columns.length],
        t.columns.length === 0 ? [] : [0],
      ),
      tgargs: Buffer.from(t.args.map((arg) => `${arg}\0`).join("")),
      tgqual: t.condition ?? null,
      tgoldtable: t.oldTable ?? null,
      tgnewtable: t.newTable ?? null,
    };
  }
});

const schemaOf = (catalog: Catalog, namespace: number) => catalog.get("namespace", namespace)?.name ?? "";

rows(informationNamespace, "triggers", function* ({ catalog, session }) {
  for (const t of catalog.all("trigger")) {
    const relation = catalog.get("relation", t.relation)!;
    const proc = catalog.get("proc", t.proc);
    for (const [event, word] of eventWords) {
      if (!t.events.includes(event) || event === "truncate") continue;
      const args = t.args.map((arg) => `'${arg.replaceAll("'", "''")}'`).join(", ");
      yield {
        trigger_catalog: session.database,
        trigger_schema: schemaOf(catalog, relation.namespace),
        trigger_name: t.name,
        event_manipulation: word,
        event_object_catalog: session.database,
        event_object_schema: schemaOf(catalog, relation.namespace),
        event_object_table: relation.name,
        action_order:
          1 +
          catalog
            .triggersOf(relation.oid)
            .filter(
              (o) =>
                o.name < t.name && o.timing === t.timing && o.perRow === t.perRow && o.events.includes(event),
            ).length,
        action_condition: t.condition === undefined ? null : `(${t.condition})`,
        action_statement: `EXECUTE FUNCTION ${quoteName(proc?.name ?? "?")}(${args})`,
        action_orientation: t.perRow ? "ROW" : "STATEMENT",
        action_timing: t.timing === "instead" ? "INSTEAD OF" : t.timing.toUpperCase(),
        action_reference_old_table: t.oldTable ?? null,
        action_reference_new_table: t.newTable ?? null,
      };
    }
  }
});

rows(informationNamespace, "routines", function* ({ catalog, session, io }) {
  for (const p of catalog.all("proc")) {
    const schema = schemaOf(catalog, p.namespace);
    const type = catalog.type(p.result);
    const shown = p.kind === "p" ? null : formatType(catalog, p.result, -1, io.searchPath);
    yield {
      specific_catalog: session.database,
      specific_schema: schema,
      specific_name: `${p.name}_${p.oid}`,
      routine_catalog: session.database,
      routine_schema: schema,
      routine_name: p.name,
      routine_type: p.kind === "p" ? "PROCEDURE" : "FUNCTION",
      data_type:
        shown === null
          ? null
          : type?.category === "A"
            ? "ARRAY"
            : type?.namespace === catalogNamespace
              ? shown
              : "USER-DEFINED",
      type_udt_catalog: p.kind === "p" ? null : session.database,
      type_udt_schema: type === undefined || p.kind === "p" ? null : schemaOf(catalog, type.namespace),
      type_udt_name: p.kind === "p" ? null : (type?.name ?? null),
      dtd_identifier: "0",
      routine_body: p.language === "sql" ? "SQL" : "EXTERNAL",
      routine_definition: p.body === undefined ? p.source : shownBody(catalog, io, p),
      external_language: (p.language ?? "").toUpperCase(),
      parameter_style: "GENERAL",
      is_deterministic: p.volatility === "i" ? "YES" : "NO",
      sql_data_access: "MODIFIES",
      is_null_call: p.kind === "p" ? null : p.strict ? "YES" : "NO",
      schema_level_routine: "YES",
      max_dynamic_result_sets: 0,
      security_type: p.securityDefiner === true ? "DEFINER" : "INVOKER",
      as_locator: "NO",
    };
  }
});

const parameterModes: Readonly<Record<string, string>> = { i: "IN", o: "OUT", b: "INOUT", v: "IN", t: "OUT" };

rows(informationNamespace, "parameters", function* ({ catalog, session, io }) {
  for (const p of catalog.all("proc")) {
    const schema = schemaOf(catalog, p.namespace);
    for (const [i, typeOid] of p.allArguments.entries()) {
      const type = catalog.type(typeOid);
      yield {
        specific_catalog: session.database,
        specific_schema: schema,
        specific_name: `${p.name}_${p.oid}`,
        ordinal_position: i + 1,
        parameter_mode: parameterModes[p.modes[i] ?? "i"] ?? "IN",
        is_result: "NO",
        as_locator: "NO",
        parameter_name: p.argumentNames[i] || null,
        data_type:
          type?.category === "A"
            ? "ARRAY"
            : type?.namespace === catalogNamespace
              ? formatType(catalog, typeOid, -1, io.searchPath)
              : "USER-DEFINED",
        udt_catalog: session.database,
        udt_schema: schemaOf(catalog, type?.namespace ?? 0),
        udt_name: type?.name ?? null,
        dtd_identifier: String(i + 1),
      };
    }
  }
});
