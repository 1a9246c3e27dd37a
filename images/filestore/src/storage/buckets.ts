import { randomBytes } from "node:crypto";
import { type Database, statement } from "@weftkit/store";
import type { Acl } from "./grants.ts";
import type { LifecycleRule } from "./lifecycle-rule.ts";
import { recordBucket } from "./record-changes.ts";

export type Versioning = "off" | "on" | "suspended";

export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

/** How long new objects are kept from being deleted. */
export interface DefaultRetention {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly days?: number;
  readonly years?: number;
}

export interface CorsRule {
  readonly id?: string;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** What is configured of a bucket; JSON. */
export interface BucketSettings {
  readonly region: string;
  readonly acl: Acl;
  readonly ownership: ObjectOwnership | undefined;
  readonly hasObjectLock?: boolean;
  readonly defaultRetention?: DefaultRetention;
  readonly tags?: Readonly<Record<string, string>>;
  /** As it was put: JSON. */
  readonly policy?: string;
  readonly cors?: readonly CorsRule[];
  readonly lifecycle?: readonly LifecycleRule[];
  readonly encryption?: { readonly algorithm: string; readonly keyId?: string; readonly bucketKey?: boolean };
  readonly publicAccess?: PublicAccessBlock;
}

export interface Bucket {
  readonly row: number;
  readonly name: string;
  /** The account's canonical id. */
  readonly account: string;
  readonly createdAt: number;
  readonly versioning: Versioning;
  readonly revision: number;
  readonly settings: BucketSettings;
}

/** Settings by their revision, which no two have in common: what is written gets a new one. */
const known = new Map<number, BucketSettings>();
const knownMax = 10_000;

function newRevision(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

const columns = "row, name, account, created_at AS createdAt, versioning, revision";

type BucketRow = Omit<Bucket, "settings">;

export function findBucket(db: Database, name: string): Bucket | undefined {
  const row = statement(db, `SELECT ${columns} FROM buckets WHERE name = ?`).get(name) as
    | BucketRow
    | undefined;
  return row && { ...row, settings: settingsOf(db, row) };
}

export function bucketByRow(db: Database, row: number): Bucket | undefined {
  const found = statement(db, `SELECT ${columns} FROM buckets WHERE row = ?`).get(row) as
    | BucketRow
    | undefined;
  return found && { ...found, settings: settingsOf(db, found) };
}

function settingsOf(db: Database, { row, revision }: BucketRow): BucketSettings {
  const before = known.get(revision);
  if (before !== undefined) return before;
  const text = statement(db, "SELECT settings FROM buckets WHERE row = ?", { pluck: true }).get(
    row,
  ) as string;
  const settings = JSON.parse(text) as BucketSettings;
  known.set(revision, settings);
  if (known.size > knownMax) known.delete(known.keys().next().value!);
  return settings;
}

export function insertBucket(
  db: Database,
  {
    name,
    account,
    createdAt,
    versioning,
    settings,
  }: Pick<Bucket, "name" | "account" | "createdAt" | "versioning" | "settings">,
): void {
  const sql = `INSERT INTO buckets (name, account, created_at, versioning, revision, settings) VALUES (?, ?, ?, ?, ?, ?)`;
  statement(db, sql).run(name, account, createdAt, versioning, newRevision(), JSON.stringify(settings));
  recordBucket(db, name, "CreateBucket", { account, versioning, settings });
}

export function updateSettings(
  db: Database,
  bucket: Bucket,
  change: { readonly [Name in keyof BucketSettings]?: BucketSettings[Name] | undefined },
): void {
  const settings = { ...bucket.settings, ...change };
  const sql = "UPDATE buckets SET settings = ?, revision = ? WHERE row = ?";
  statement(db, sql).run(JSON.stringify(settings), newRevision(), bucket.row);
  recordBucket(db, bucket.name, "UpdateBucket", { settings });
}

export function updateVersioning(db: Database, bucket: Bucket, versioning: Versioning): void {
  const sql = "UPDATE buckets SET versioning = ?, revision = ? WHERE row = ?";
  statement(db, sql).run(versioning, newRevision(), bucket.row);
  recordBucket(db, bucket.name, "UpdateBucket", { versioning });
}

/** Whether nothing is in it, neither versions nor delete markers. */
export function isEmpty(db: Database, { row }: Bucket): boolean {
  return statement(db, "SELECT 1 FROM versions WHERE bucket = ? LIMIT 1").get(row) === undefined;
}

export function deleteBucketRow(db: Database, { row, name }: Bucket): void {
  statement(db, "DELETE FROM buckets WHERE row = ?").run(row);
  recordBucket(db, name, "DeleteBucket", {});
}

/** By name, after `after`; of one account, or of all. */
export function listBuckets(
  db: Database,
  account: string | undefined,
  { after, prefix, limit }: { readonly after: string; readonly prefix: string; readonly limit: number },
): BucketRow[] {
  const where = account === undefined ? "" : "account = ? AND";
  const sql = `SELECT ${columns} FROM buckets WHERE ${where} name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?`;
  const given = [after, prefix.length, prefix, limit];
  return statement(db, sql).all(...(account === undefined ? given : [account, ...given])) as BucketRow[];
}

export function countBuckets(db: Database, account: string): number {
  return statement(db, "SELECT count(*) FROM buckets WHERE account = ?", { pluck: true }).get(
    account,
  ) as number;
}
