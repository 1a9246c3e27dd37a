import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { ChangeType } from "../storage/changes.ts";

/** Who is told of the changes of a collection. */
export interface Webhook {
  readonly row: number;
  readonly id: string;
  readonly collection: number;
  readonly collectionName: string;
  readonly url: string;
  /** Empty: all. */
  readonly events: readonly ChangeType[];
  readonly secret: Buffer;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Why nothing is sent any more, if nothing is. */
  readonly disabled: string | null;
}

/** A message that could not be delivered. */
export interface DeadLetter {
  readonly row: number;
  readonly messageId: string;
  readonly body: string;
  readonly at: number;
  readonly reason: string;
}

/** So many are kept of one webhook; the oldest are forgotten. */
export const deadLettersMax = 1000;

export const webhookTables = `
CREATE TABLE webhooks (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  collection INTEGER NOT NULL REFERENCES collections (row),
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  secret BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  disabled TEXT
) STRICT;
CREATE INDEX webhooks_by_collection ON webhooks (collection, id);
CREATE TABLE webhook_dead_letters (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook INTEGER NOT NULL REFERENCES webhooks (row),
  message_id TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_dead_letters_by_webhook ON webhook_dead_letters (webhook, row);
`;

const columns = `w.row, w.id, w.collection, c.name AS collectionName, w.url, w.events, w.secret, w.created_at AS createdAt,
  w.created_by AS createdBy, w.disabled FROM webhooks w JOIN collections c ON c.row = w.collection`;

type Stored = Omit<Webhook, "events"> & { readonly events: string };

function webhookOf(stored: Stored): Webhook {
  return { ...stored, events: JSON.parse(stored.events) as ChangeType[] };
}

export function insertWebhook(
  db: Database,
  webhook: Omit<Webhook, "row" | "collectionName" | "disabled">,
): Webhook {
  const { id, collection, url, events, secret, createdAt, createdBy } = webhook;
  statement(
    db,
    "INSERT INTO webhooks (id, collection, url, events, secret, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).run(id, collection, url, JSON.stringify(events), secret, createdAt, createdBy);
  return findWebhook(db, collection, id)!;
}

export function findWebhook(db: Database, collection: number, id: string): Webhook | undefined {
  const found = statement(db, `SELECT ${columns} WHERE w.collection = ? AND w.id = ?`).get(collection, id);
  return found === undefined ? undefined : webhookOf(found as Stored);
}

export function webhooksOf(db: Database, collection: number): Webhook[] {
  return (
    statement(db, `SELECT ${columns} WHERE w.collection = ? ORDER BY w.row`).all(collection) as Stored[]
  ).map(webhookOf);
}

/** All that are to be served, of collections that are not deleted. */
export function activeWebhooks(db: Database): Webhook[] {
  return (
    statement(db, `SELECT ${columns} WHERE w.disabled IS NULL AND c.deleted_at IS NULL`).all() as Stored[]
  ).map(webhookOf);
}

export function disableWebhook(db: Database, row: number, reason: string): void {
  statement(db, "UPDATE webhooks SET disabled = ? WHERE row = ?").run(reason, row);
}

export function deleteWebhook(db: Database, row: number): void {
  statement(db, "DELETE FROM webhook_dead_letters WHERE webhook = ?").run(row);
  statement(db, "DELETE FROM webhooks WHERE row = ?").run(row);
}

export function insertDeadLetter(db: Database, webhookRow: number, letter: Omit<DeadLetter, "row">): void {
  const { messageId, body, at, reason } = letter;
  // It may have been deleted meanwhile.
  statement(
    db,
    "INSERT INTO webhook_dead_letters (webhook, message_id, body, at, reason) SELECT row, ?, ?, ?, ? FROM webhooks WHERE row = ?",
  ).run(messageId, body, at, reason, webhookRow);
  statement(
    db,
    `DELETE FROM webhook_dead_letters WHERE webhook = ? AND row <= (SELECT row FROM webhook_dead_letters WHERE webhook = ?
      ORDER BY row DESC LIMIT 1 OFFSET ${deadLettersMax})`,
  ).run(webhookRow, webhookRow);
}

export function deadLettersOf(db: Database, webhookRow: number, after: number, limit: number): DeadLetter[] {
  return statement(
    db,
    `SELECT row, message_id AS messageId, body, at, reason FROM webhook_dead_letters WHERE webhook = ? AND row > ?
      ORDER BY row LIMIT ?`,
  ).all(webhookRow, after, limit) as DeadLetter[];
}

export function deleteDeadLetter(db: Database, row: number): void {
  statement(db, "DELETE FROM webhook_dead_letters WHERE row = ?").run(row);
}
