import type { Acl, DefaultAcl } from "../catalog/model.ts";
import {
  database,
  databaseObject,
  namespaceObject,
  procObject,
  relationObject,
  type Securable,
  typeObject,
} from "../catalog/rights.ts";
import { roleName } from "../catalog/roles.ts";
import { formatType } from "../types/type-text.ts";
import type { Ddl } from "./context.ts";

/** What a role owns, and what it was granted. */

/** Everything that has an owner, with how to give it another one or another list of rights. */
export interface OwnedObject extends Securable {
  readonly text: string;
  /** A part of a table, whose rights are its own. */
  readonly isColumn?: true;
  setOwner(owner: number): void;
  setAcl(acl: Acl): void;
}

export function* ownedObjects(ddl: Ddl): Generator<OwnedObject> {
  const { catalog } = ddl;
  const qualified = (namespace: number, name: string) =>
    ddl.io.searchPath.includes(namespace) ? name : `${catalog.get("namespace", namespace)?.name}.${name}`;
  for (const r of [...catalog.all("relation")]) {
    if (r.system === true || r.kind === "i" || r.kind === "c") continue;
    const object = relationObject(r);
    const text = `${object.word} ${qualified(r.namespace, r.name)}`;
    yield {
      ...object,
      text,
      setOwner: (owner) => {
        catalog.set("relation", { ...catalog.get("relation", r.oid)!, owner });
        for (const index of catalog.indexesOf(r.oid))
          catalog.set("relation", { ...catalog.get("relation", index.oid)!, owner });
        const type = catalog.type(r.typeOid);
        for (const each of [type, type && catalog.type(type.array)])
          if (each !== undefined) catalog.set("type", { ...each, owner });
      },
      setAcl: (acl) => catalog.set("relation", { ...catalog.get("relation", r.oid)!, acl }),
    };
    for (const c of r.columns) {
      if (c.acl === undefined || c.dropped === true) continue;
      yield {
        ...object,
        kind: "c",
        acl: c.acl,
        text: `column ${c.name} of ${text}`,
        isColumn: true,
        setOwner: () => {},
        setAcl: (acl) => {
          const now = catalog.get("relation", r.oid)!;
          const columns = now.columns.map((each) => (each.attnum === c.attnum ? { ...each, acl } : each));
          catalog.set("relation", { ...now, columns });
        },
      };
    }
  }
  for (const n of [...catalog.all("namespace")])
    yield {
      ...namespaceObject(n),
      acl: n.acl,
      text: `schema ${n.name}`,
      setOwner: (owner) => catalog.set("namespace", { ...catalog.get("namespace", n.oid)!, owner }),
      setAcl: (acl) => catalog.set("namespace", { ...catalog.get("namespace", n.oid)!, acl }),
    };
  for (const p of [...catalog.all("proc")]) {
    const types = p.arguments.map((type) => formatType(catalog, type, -1, ddl.io.searchPath));
    yield {
      ...procObject(p),
      text: `function ${qualified(p.namespace, p.name)}(${types.join(",")})`,
      setOwner: (owner) => catalog.set("proc", { ...catalog.get("proc", p.oid)!, owner }),
      setAcl: (acl) => catalog.set("proc", { ...catalog.get("proc", p.oid)!, acl }),
    };
  }
  for (const t of [...catalog.all("type")]) {
    if (t.oid < 16384 || (t.kind === "c" && catalog.get("relation", t.relation)?.kind !== "c")) continue;
    if (t.category === "A" && t.element !== 0) continue;
    yield {
      ...typeObject(t),
      text: `type ${qualified(t.namespace, t.name)}`,
      setOwner: (owner) => {
        catalog.set("type", { ...catalog.type(t.oid)!, owner });
        const array = catalog.type(t.array);
        if (array !== undefined) catalog.set("type", { ...array, owner });
        const relation = catalog.get("relation", t.relation);
        if (relation !== undefined) catalog.set("relation", { ...relation, owner });
      },
      setAcl: (acl) => catalog.set("type", { ...catalog.type(t.oid)!, acl }),
    };
  }
  const one = database(catalog);
  yield {
    ...databaseObject(one, ddl.database),
    text: `database ${ddl.database}`,
    setOwner: (owner) => catalog.set("database", { ...database(catalog), owner }),
    setAcl: (acl) => catalog.set("database", { ...database(catalog), acl }),
  };
}

const defaultWords: Readonly<Record<DefaultAcl["type"], string>> = {
  r: "relations",
  S: "sequences",
  f: "functions",
  T: "types",
  n: "schemas",
};

/** What keeps a role from being dropped, a line each. */
export function dependentsOfRole(ddl: Ddl, role: number): string[] {
  const { catalog } = ddl;
  const lines: string[] = [];
  for (const object of ownedObjects(ddl)) {
    if (object.owner === role && object.isColumn !== true) lines.push(`owner of ${object.text}`);
    else if (object.acl?.some(({ grantee, grantor }) => grantee === role || grantor === role) === true)
      lines.push(`privileges for ${object.text}`);
  }
  for (const publication of catalog.all("publication"))
    if (publication.owner === role) lines.push(`owner of publication ${publication.name}`);
  for (const item of catalog.all("defaultAcl")) {
    const on = `default privileges on new ${defaultWords[item.type]} belonging to role ${roleName(catalog, item.role)}`;
    const where = item.namespace === 0 ? "" : ` in schema ${catalog.get("namespace", item.namespace)?.name}`;
    if (item.role === role) lines.push(`owner of ${on}${where}`);
    else if (item.acl.some(({ grantee }) => grantee === role)) lines.push(`privileges for ${on}${where}`);
  }
  for (const policy of catalog.all("policy"))
    if (policy.roles.includes(role))
      lines.push(
        `target of policy ${policy.name} on table ${catalog.get("relation", policy.relation)?.name}`,
      );
  for (const m of catalog.all("membership"))
    if (m.grantor === role)
      lines.push(
        `privileges for membership of role ${roleName(catalog, m.member)} in role ${roleName(catalog, m.role)}`,
      );
  return lines;
}
