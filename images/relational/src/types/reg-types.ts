import { builtinOperators, builtinProcs, procsByName } from "../catalog/builtin.ts";
import { catalogNamespace, type Proc } from "../catalog/model.ts";
import { usableNamespace } from "../catalog/namespaces.ts";
import { roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import { configurationNamed, configurations } from "../text-search/configuration.ts";
import { compareNumbers } from "./numbers.ts";
import { oid } from "./oids.ts";
import { decodeText } from "./texts.ts";
import type { IoContext, TypeOps } from "./type-ops.ts";
import { formatTypeName, parseTypeName, quoteName, splitQualified } from "./type-text.ts";

/** Names of catalog objects that are their OIDs: regclass, regtype and the like. */
export function regOps(typeOid: number): TypeOps {
  return {
    input: (text, _typmod, io) => {
      if (/^\d+$/.test(text)) return Number(text);
      return text === "-" ? 0 : find(typeOid, text, io);
    },
    output: (value, io) =>
      (value as number) === 0 ? "-" : (show(typeOid, value as number, io) ?? String(value)),
    compare: compareNumbers,
    key: (value) => value as number,
    send: (value) => {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt32BE(value as number);
      return bytes;
    },
    receive: (bytes, _typmod, io) =>
      bytes.length === 4 ? bytes.readUInt32BE() : find(typeOid, decodeText(bytes), io),
  };
}

/** As PostgreSQL 18 numbers them. */
const dictionaries: Readonly<Record<string, number>> = { simple: 3765, english_stem: 12_375 };

function find(typeOid: number, text: string, io: IoContext): number {
  const parts = splitQualified(text);
  const name = parts.at(-1) ?? "";
  const schema = parts.at(-2);
  const { catalog } = io;
  const namespaces = () => {
    if (schema === undefined)
      return io.searchPath.includes(catalogNamespace) ? io.searchPath : [catalogNamespace, ...io.searchPath];
    const namespace = usableNamespace(io, schema);
    if (namespace === undefined) throw new PgError("3F000", `schema "${schema}" does not exist`);
    return [namespace.oid];
  };
  switch (typeOid) {
    case oid.regclass: {
      if (schema !== undefined && catalog.namespaceByName(schema) === undefined)
        throw new PgError("42P01", `relation "${text}" does not exist`);
      for (const namespace of namespaces()) {
        const relation = catalog.relationByName(namespace, name);
        if (relation !== undefined) return relation.oid;
      }
      throw new PgError("42P01", `relation "${parts.join(".")}" does not exist`);
    }
    case oid.regtype:
      return parseTypeName(text, io);
    case oid.regnamespace: {
      const namespace = catalog.namespaceByName(name);
      if (namespace === undefined) throw new PgError("3F000", `schema "${name}" does not exist`);
      return namespace.oid;
    }
    case oid.regproc: {
      const procs = procsNamed(io, schema, name);
      if (procs.length === 0) throw new PgError("42883", `function "${text}" does not exist`);
      if (procs.length > 1) throw new PgError("42725", `more than one function named "${text}"`);
      return procs[0]!.oid;
    }
    case oid.regprocedure: {
      const match = /^(.*?)\((.*)\)$/.exec(text);
      if (match === null) throw new PgError("22P02", "expected a left parenthesis");
      const [given = "", args = ""] = match.slice(1);
      const short = splitQualified(given);
      const types = args.trim() === "" ? [] : args.split(",").map((part) => parseTypeName(part.trim(), io));
      const proc = procsNamed(io, short.at(-2), short.at(-1) ?? "").find(
        (p) => p.arguments.join() === types.join(),
      );
      if (proc === undefined) throw new PgError("42883", `function "${text}" does not exist`);
      return proc.oid;
    }
    case oid.regrole: {
      const role = roleNamed(catalog, name)?.oid;
      if (role === undefined) throw new PgError("42704", `role "${name}" does not exist`);
      return role;
    }
    case oid.regoper: {
      const found = [...builtinOperators.values()].filter((operator) => operator.name === name);
      if (found.length === 0) throw new PgError("42883", `operator does not exist: ${text}`);
      if (found.length > 1) throw new PgError("42725", `more than one operator named ${text}`);
      return found[0]!.oid;
    }
    case oid.regconfig:
      return configurationNamed(parts.join(".")).oid;
    case oid.regdictionary: {
      const dictionary = dictionaries[parts.join(".").replace(/^pg_catalog\./, "")];
      if (dictionary === undefined)
        throw new PgError("42704", `text search dictionary "${text}" does not exist`);
      return dictionary;
    }
    default:
      throw new PgError("0A000", `names of type ${typeOid} are not supported`);
  }
}

function procsNamed(io: IoContext, schema: string | undefined, name: string): readonly Proc[] {
  const own = io.catalog.procsNamed(name);
  if (schema === undefined) return [...(procsByName.get(name) ?? []), ...own];
  const namespace = io.catalog.namespaceByName(schema)?.oid;
  return namespace === catalogNamespace
    ? (procsByName.get(name) ?? [])
    : own.filter((proc) => proc.namespace === namespace);
}

function show(typeOid: number, value: number, io: IoContext): string | undefined {
  const { catalog } = io;
  const qualified = (namespace: number, name: string, isVisible: boolean) =>
    isVisible
      ? quoteName(name)
      : `${quoteName(catalog.get("namespace", namespace)?.name ?? "?")}.${quoteName(name)}`;
  switch (typeOid) {
    case oid.regclass: {
      const relation = catalog.get("relation", value);
      if (relation === undefined) return undefined;
      const path = io.searchPath.includes(catalogNamespace)
        ? io.searchPath
        : [catalogNamespace, ...io.searchPath];
      const first = path.find((namespace) => catalog.relationByName(namespace, relation.name) !== undefined);
      return qualified(relation.namespace, relation.name, first === relation.namespace);
    }
    case oid.regtype:
      return catalog.type(value) === undefined ? undefined : formatTypeName(value, io);
    case oid.regnamespace: {
      const namespace = catalog.get("namespace", value);
      return namespace === undefined ? undefined : quoteName(namespace.name);
    }
    case oid.regproc:
    case oid.regprocedure: {
      const proc = builtinProcs.get(value) ?? catalog.get("proc", value);
      if (proc === undefined) return undefined;
      const isVisible = proc.namespace === catalogNamespace || io.searchPath.includes(proc.namespace);
      const name = qualified(
        proc.namespace,
        proc.name,
        isVisible && (typeOid === oid.regprocedure || procsNamed(io, undefined, proc.name).length === 1),
      );
      if (typeOid === oid.regproc)
        return isVisible && name.includes(".") === false ? name : qualified(proc.namespace, proc.name, false);
      return `${name}(${proc.arguments.map((type) => formatTypeName(type, io)).join(",")})`;
    }
    case oid.regrole: {
      const role = catalog.get("role", value);
      return role === undefined ? undefined : quoteName(role.name);
    }
    case oid.regoper:
      return builtinOperators.get(value)?.name;
    case oid.regcollation:
      return { 100: '"default"', 950: '"C"', 951: '"POSIX"' }[value];
    case oid.regconfig:
      return configurations.get(value)?.name;
    case oid.regdictionary:
      return Object.entries(dictionaries).find(([, one]) => one === value)?.[0];
    default:
      return undefined;
  }
}
