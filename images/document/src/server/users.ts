import type { Authenticator, ScramAccount, ScramExchange, SecurityContext } from "@weftkit/auth";
import { makeVerifier, type ScramVerifier } from "@weftkit/auth";
import { type Database, type Store, statement } from "@weftkit/store";
import { BinData, Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { newUuid } from "../storage/catalog.ts";
import { type RoleName, StoredUser } from "./access/stored-user.ts";
import { type Sha1Verifier, sha1Iterations, sha1Verifier } from "./scram-sha-1.ts";

export const mechanismNames = ["SCRAM-SHA-1", "SCRAM-SHA-256"] as const;
export type MechanismName = (typeof mechanismNames)[number];

/** So many may be made. */
const usersMax = 100_000;

/** A user that createUser has made, as it is kept. */
export interface UserEntry {
  readonly name: string;
  readonly db: string;
  readonly userId: Buffer;
  readonly roles: readonly RoleName[];
  readonly customData: Doc | undefined;
  readonly sha1: Sha1Verifier | undefined;
  readonly sha256: ScramVerifier | undefined;
}

/** Who may log in: the configured users, as the whole fleet has them, and those that createUser has made. */
export class Users {
  /** Made of configured passwords when somebody logs in with SCRAM-SHA-1. */
  readonly #sha1 = new Map<string, { secret: string; verifier: Sha1Verifier }>();
  readonly #store: Store;
  readonly #stored = new Map<string, UserEntry>();

  constructor(store: Store) {
    this.#store = store;
  }

  async load(): Promise<void> {
    const rows = await this.#store.read(
      (db) => db.prepare("SELECT spec FROM users ORDER BY db, name").all() as { spec: Buffer }[],
    );
    for (const { spec } of rows) {
      const entry = entryOf(Doc.read(spec));
      this.#stored.set(keyOf(entry.db, entry.name), entry);
    }
  }

  scram(authenticator: Authenticator, db: string): ScramExchange {
    return authenticator.scram({}, (name) => this.#scramAccount(db, name));
  }

  #scramAccount(db: string, name: string): ScramAccount | undefined {
    const verifier = this.find(db, name)?.sha256;
    return verifier === undefined ? undefined : { verifier, context: this.#contextOf(db, name) };
  }

  /** Undefined for one that does not exist, or of whom only a verifier for SHA-256 is known. */
  sha1(
    user: string,
    db: string,
    authenticator: Authenticator,
  ): { readonly verifier: Sha1Verifier; readonly context: SecurityContext } | undefined {
    if (authenticator.contextOf(user) === undefined) {
      const verifier = this.find(db, user)?.sha1;
      return verifier === undefined ? undefined : { verifier, context: this.#contextOf(db, user) };
    }
    return authenticator.withSecret(user, (secret, context) => {
      let known = this.#sha1.get(user);
      if (known?.secret !== secret) {
        known = { secret, verifier: sha1Verifier(user, secret) };
        this.#sha1.set(user, known);
      }
      return { verifier: known.verifier, context };
    });
  }

  /** Asks for the roles each time, so that what is granted or taken holds at once; one that was dropped has none. */
  #contextOf(db: string, name: string): StoredUser {
    const { userId } = this.find(db, name)!;
    return new StoredUser(name, db, () => {
      const entry = this.find(db, name);
      return entry?.userId === userId ? entry.roles : [];
    });
  }

  find(db: string, name: string): UserEntry | undefined {
    return this.#stored.get(keyOf(db, name));
  }

  all(): readonly UserEntry[] {
    return [...this.#stored.values()];
  }

  /** Makes a user or puts another state in its place; on the disk when it resolves. */
  async put(entry: UserEntry): Promise<void> {
    const { db, name } = entry;
    if (this.find(db, name) === undefined && this.#stored.size >= usersMax)
      throw new MongoError(2, `there are ${usersMax} users: drop some`);
    await this.#store.write((database: Database) =>
      statement(database, "INSERT OR REPLACE INTO users (db, name, spec) VALUES (?, ?, ?)").run(
        db,
        name,
        writeDoc(specOf(entry)),
      ),
    );
    this.#stored.set(keyOf(db, name), entry);
  }

  async drop(entries: readonly UserEntry[]): Promise<void> {
    await this.#store.write((database: Database) => {
      for (const { db, name } of entries)
        statement(database, "DELETE FROM users WHERE db = ? AND name = ?").run(db, name);
    });
    for (const { db, name } of entries) this.#stored.delete(keyOf(db, name));
  }
}

function keyOf(db: string, name: string): string {
  return `${db}.${name}`;
}

/** What logins of a user are checked with, for the mechanisms that it may use. */
export async function credentialsOf(
  name: string,
  password: string,
  mechanisms: readonly MechanismName[],
): Promise<Pick<UserEntry, "sha1" | "sha256">> {
  return {
    sha1: mechanisms.includes("SCRAM-SHA-1") ? sha1Verifier(name, password) : undefined,
    sha256: mechanisms.includes("SCRAM-SHA-256") ? await makeVerifier(password) : undefined,
  };
}

export function newUserId(): Buffer {
  return newUuid();
}

/** As MongoDB keeps it in admin.system.users. */
function specOf({ name, db, userId, roles, customData, sha1, sha256 }: UserEntry): Doc {
  const credential = (iterations: number, { salt, storedKey, serverKey }: Sha1Verifier): Doc =>
    Doc.of({
      iterationCount: iterations,
      salt: salt.toString("base64"),
      storedKey: storedKey.toString("base64"),
      serverKey: serverKey.toString("base64"),
    });
  return Doc.of({
    _id: `${db}.${name}`,
    userId: new BinData(4, userId),
    user: name,
    db,
    credentials: Doc.of({
      "SCRAM-SHA-1": sha1 === undefined ? undefined : credential(sha1Iterations, sha1),
      "SCRAM-SHA-256": sha256 === undefined ? undefined : credential(sha256.iterations, sha256),
    }),
    roles: roleDocs(roles),
    customData,
  });
}

export function roleDocs(roles: readonly RoleName[]): Value[] {
  return roles.map(({ role, db }) => Doc.of({ role, db }));
}

function entryOf(spec: Doc): UserEntry {
  const credentials = spec.get("credentials") as Doc;
  const verifier = (name: MechanismName): ScramVerifier | undefined => {
    const kept = credentials.get(name);
    if (!(kept instanceof Doc)) return undefined;
    const bytes = (field: string) => Buffer.from(kept.get(field) as string, "base64");
    return {
      iterations: kept.get("iterationCount") as number,
      salt: bytes("salt"),
      storedKey: bytes("storedKey"),
      serverKey: bytes("serverKey"),
    };
  };
  return {
    name: spec.get("user") as string,
    db: spec.get("db") as string,
    userId: (spec.get("userId") as BinData).bytes,
    roles: (spec.get("roles") as Doc[]).map((role) => ({
      role: role.get("role") as string,
      db: role.get("db") as string,
    })),
    customData: spec.get("customData") as Doc | undefined,
    sha1: verifier("SCRAM-SHA-1"),
    sha256: verifier("SCRAM-SHA-256"),
  };
}
