// Drizzle: schema by SQL, relational queries, upserts, nested transactions, prepared statements.
import { arrayContains, count, desc, eq, inArray, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import {
  boolean,
  index,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  serial,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";

const mood = pgEnum("mood", ["sad", "ok", "happy"]);
const users = pgTable(
  "users",
  {
    id: serial().primaryKey(),
    name: text().notNull(),
    mood: mood().default("ok"),
    data: jsonb(),
    tags: text().array().default([]),
    ref: uuid().defaultRandom(),
  },
  (table) => [uniqueIndex("users_name").on(table.name)],
);
const posts = pgTable(
  "posts",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id").references(() => users.id, { onDelete: "cascade" }),
    body: text(),
    price: numeric({ precision: 10, scale: 2 }),
    live: boolean().default(false),
  },
  (table) => [index("posts_user").on(table.userId)],
);
const usersRelations = relations(users, ({ many }) => ({ posts: many(posts) }));
const postsRelations = relations(posts, ({ one }) => ({
  user: one(users, { fields: [posts.userId], references: [users.id] }),
}));

/** What drizzle-kit writes for this schema. */
const migration = `
  CREATE TYPE "public"."mood" AS ENUM('sad', 'ok', 'happy');
  CREATE TABLE "posts" ("id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "posts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1), "user_id" integer, "body" text, "price" numeric(10, 2), "live" boolean DEFAULT false);
  CREATE TABLE "users" ("id" serial PRIMARY KEY NOT NULL, "name" text NOT NULL, "mood" "mood" DEFAULT 'ok', "data" jsonb, "tags" text[] DEFAULT '{}', "ref" uuid DEFAULT gen_random_uuid());
  ALTER TABLE "posts" ADD CONSTRAINT "posts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
  CREATE INDEX "posts_user" ON "posts" USING btree ("user_id");
  CREATE UNIQUE INDEX "users_name" ON "users" USING btree ("name");`;

export async function run(url, given) {
  const log = (value) =>
    given(JSON.parse(JSON.stringify(value, (key, v) => (key === "ref" ? typeof v : v)) ?? "null"));
  const db = drizzle(url, { schema: { users, posts, usersRelations, postsRelations } });
  try {
    await db.execute(sql.raw(migration));
    const [user] = await db
      .insert(users)
      .values({ name: "ann", data: { x: [1, 2] }, tags: ["a", "b"] })
      .returning();
    log(user);
    await db.insert(posts).values([
      { userId: user.id, body: "p1", price: "1.20" },
      { userId: user.id, body: "p2", price: "5" },
    ]);
    const newest = { columns: { body: true, price: true }, orderBy: desc(posts.id), limit: 1 };
    log(await db.query.users.findMany({ with: { posts: newest } }));
    log(await db.query.posts.findFirst({ with: { user: true }, where: eq(posts.body, "p2") }));
    log(
      await db
        .select({ n: count(), sum: sql`sum(${posts.price})` })
        .from(posts)
        .leftJoin(users, eq(users.id, posts.userId))
        .groupBy(users.id),
    );
    log(
      await db
        .insert(users)
        .values({ name: "ann" })
        .onConflictDoUpdate({ target: users.name, set: { mood: "happy" } })
        .returning({ mood: users.mood }),
    );
    log(
      await db
        .select()
        .from(users)
        .where(arrayContains(users.tags, ["a"])),
    );
    await db.transaction(async (outer) => {
      await outer
        .update(posts)
        .set({ live: true })
        .where(inArray(posts.body, ["p1"]));
      await outer
        .transaction(async (inner) => {
          await inner.delete(posts);
          inner.rollback();
        })
        .catch((error) => log(error.message));
    });
    log(await db.select().from(posts).orderBy(posts.id));
    const byId = db
      .select()
      .from(users)
      .where(eq(users.id, sql.placeholder("id")))
      .prepare("by_id");
    log((await byId.execute({ id: user.id })).length);
    log(await db.$count(users));
    await db
      .insert(users)
      .values({ name: "ann" })
      .catch(({ cause }) => log([cause.code, cause.constraint]));
  } finally {
    await db.$client.end();
  }
}
