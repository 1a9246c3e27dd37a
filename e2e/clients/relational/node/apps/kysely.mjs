// Kysely: migrations, introspection, JSON relations, upserts, windows, MERGE, changing CTEs.
import { Kysely, Migrator, PostgresDialect, sql } from "kysely";
import { jsonArrayFrom, jsonObjectFrom } from "kysely/helpers/postgres";
import pg from "pg";

const first = {
  async up(db) {
    await db.schema.createType("species").asEnum(["dog", "cat"]).execute();
    await db.schema
      .createTable("person")
      .addColumn("id", "integer", (column) => column.primaryKey().generatedAlwaysAsIdentity())
      .addColumn("first_name", "varchar", (column) => column.notNull())
      .addColumn("gender", "varchar(50)", (column) => column.check(sql`gender in ('m', 'f')`))
      .addColumn("created_at", "timestamp", (column) => column.defaultTo(sql`now()`).notNull())
      .addColumn("meta", "jsonb")
      .execute();
    await db.schema
      .createTable("pet")
      .addColumn("id", "serial", (column) => column.primaryKey())
      .addColumn("name", "varchar", (column) => column.notNull().unique())
      .addColumn("owner_id", "integer", (column) =>
        column.references("person.id").onDelete("cascade").notNull(),
      )
      .addColumn("species", sql`species`)
      .execute();
    await db.schema
      .createIndex("pet_owner")
      .on("pet")
      .column("owner_id")
      .where("species", "=", "dog")
      .execute();
    await db.schema
      .createView("dogs")
      .as(db.selectFrom("pet").selectAll().where("species", "=", "dog"))
      .execute();
  },
  async down(db) {
    await db.schema.dropView("dogs").execute();
    await db.schema.dropTable("pet").execute();
    await db.schema.dropTable("person").execute();
    await db.schema.dropType("species").execute();
  },
};

export async function run(url, log) {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ first }) } });
  try {
    log(await migrator.migrateToLatest());
    for (const table of await db.introspection.getTables()) {
      const columns = table.columns.map((c) => [c.name, c.dataType, c.isNullable, c.isAutoIncrementing]);
      log([table.name, table.isView, columns]);
    }
    await writeAndRead(db, log);
    log(await migrator.migrateDown());
    log((await db.introspection.getTables()).length);
  } finally {
    await db.destroy();
  }
}

async function writeAndRead(db, log) {
  const { id } = await db
    .insertInto("person")
    .values({ first_name: "J", gender: "m", meta: JSON.stringify({ a: 1 }) })
    .returning("id")
    .executeTakeFirst();
  await db
    .insertInto("pet")
    .values([
      { name: "rex", owner_id: id, species: "dog" },
      { name: "tom", owner_id: id, species: "cat" },
    ])
    .execute();
  const pets = (eb) =>
    eb.selectFrom("pet").select(["pet.id", "pet.name"]).whereRef("pet.owner_id", "=", "person.id");
  log(
    await db
      .selectFrom("person")
      .select((eb) => [
        "id",
        jsonArrayFrom(pets(eb).orderBy("pet.name")).as("pets"),
        jsonObjectFrom(pets(eb).orderBy("pet.id").limit(1)).as("first"),
      ])
      .execute(),
  );
  log(
    await db
      .insertInto("pet")
      .values({ name: "rex", owner_id: id, species: "cat" })
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet((eb) => ({ species: eb.ref("excluded.species") })),
      )
      .returning(["name", "species"])
      .execute(),
  );
  log(
    await db
      .updateTable("pet")
      .from("person")
      .set({ name: sql`pet.name || person.first_name` })
      .whereRef("pet.owner_id", "=", "person.id")
      .where("pet.id", "=", 1)
      .returning("pet.name")
      .execute(),
  );
  log(
    await db.selectFrom("pet").distinctOn("species").selectAll().orderBy("species").orderBy("id").execute(),
  );
  log(
    await db
      .selectFrom("pet")
      .select((eb) => [
        "name",
        eb.fn
          .agg("rank")
          .over((over) => over.partitionBy("species").orderBy("name"))
          .as("rank"),
        eb.fn.count("id").filterWhere("species", "=", "cat").over().as("cats"),
      ])
      .orderBy("name")
      .execute(),
  );
  log(
    await db
      .with("gone", (query) => query.deleteFrom("pet").where("name", "like", "rex%").returningAll())
      .selectFrom("gone")
      .selectAll()
      .execute(),
  );
  const merged = await db
    .mergeInto("pet")
    .using("person", "person.id", "pet.owner_id")
    .whenMatched()
    .thenUpdateSet({ name: "merged" })
    .executeTakeFirst();
  log(String(merged.numChangedRows));
  log(await db.selectFrom("person").select(sql`meta->>'a'`.as("a")).where(sql`meta @> '{"a":1}'`).execute());
  await db
    .transaction()
    .setIsolationLevel("serializable")
    .execute((transaction) => transaction.insertInto("pet").values({ name: "q", owner_id: id }).execute());
  log((await db.selectFrom("pet").select("name").orderBy("id").execute()).map(({ name }) => name));
  await db
    .insertInto("person")
    .values({ first_name: "J", gender: "z" })
    .execute()
    .catch(({ code, constraint, message }) => log([code, constraint, message]));
}
