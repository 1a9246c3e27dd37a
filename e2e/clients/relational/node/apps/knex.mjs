// Knex: migrations up and down, JSON, arrays, an enum, upserts, joins, nested transactions, streams.
import knexClient from "knex";

const migrations = {
  first: {
    async up(knex) {
      await knex.schema.createTable("users", (table) => {
        table.increments();
        table.string("email").notNullable().unique();
        table.jsonb("profile").defaultTo("{}");
        table.specificType("tags", "text[]").defaultTo("{}");
        table
          .enu("role", ["admin", "member"], { useNative: true, enumName: "user_role" })
          .defaultTo("member");
        table.timestamps(true, true);
        table.uuid("ref").defaultTo(knex.fn.uuid());
      });
      await knex.schema.createTable("posts", (table) => {
        table.bigIncrements();
        table.integer("user_id").references("users.id").onDelete("CASCADE").index();
        table.text("body");
        table.decimal("price", 10, 2);
        table.boolean("live").defaultTo(false);
        table.unique(["user_id", "body"]);
      });
    },
    async down(knex) {
      await knex.schema.dropTable("posts");
      await knex.schema.dropTable("users");
      await knex.raw("drop type user_role");
    },
  },
  second: {
    async up(knex) {
      await knex.schema.alterTable("users", (table) => {
        table.string("name", 100);
        table.index(["name"], "users_name");
        table.renameColumn("ref", "reference");
      });
      await knex.schema.alterTable("posts", (table) => {
        table.text("body").notNullable().alter();
        table.dropUnique(["user_id", "body"]);
        table.check("price >= 0", [], "price_pos");
      });
    },
    async down(knex) {
      await knex.schema.alterTable("posts", (table) => {
        table.dropChecks(["price_pos"]);
        table.unique(["user_id", "body"]);
      });
      await knex.schema.alterTable("users", (table) => {
        table.renameColumn("reference", "ref");
        table.dropColumn("name");
      });
    },
  },
};

const migrationSource = {
  getMigrations: async () => Object.keys(migrations),
  getMigrationName: (name) => name,
  getMigration: (name) => migrations[name],
};

export async function run(url, log) {
  const knex = knexClient({ client: "pg", connection: url, pool: { min: 0, max: 5 } });
  try {
    log(await knex.migrate.latest({ migrationSource }));
    log([await knex.schema.hasTable("users"), await knex.schema.hasColumn("users", "name")]);
    log(await knex("users").columnInfo());
    await writeAndRead(knex, log);
    log(await knex.migrate.rollback({ migrationSource }, true));
    log([await knex.migrate.currentVersion({ migrationSource }), await knex.schema.hasTable("users")]);
  } finally {
    await knex.destroy();
  }
}

async function writeAndRead(knex, log) {
  const profile = { a: [1, { b: 2 }] };
  const [user] = await knex("users")
    .insert({ email: "a@x", name: "A", profile, tags: ["x", "y"] })
    .returning(["id", "email", "profile", "tags", "role"]);
  log(user);
  await knex("posts").insert([
    { user_id: user.id, body: "one", price: "1.50" },
    { user_id: user.id, body: "two", price: 3 },
  ]);
  log(
    await knex("users")
      .insert({ email: "a@x", name: "B" })
      .onConflict("email")
      .merge(["name"])
      .returning("name"),
  );
  log((await knex("users").insert({ email: "a@x" }).onConflict("email").ignore()).rowCount);
  log(
    await knex("posts as p")
      .join("users as u", "u.id", "p.user_id")
      .select("u.name")
      .sum("p.price as sum")
      .count("* as count")
      .groupBy("u.name")
      .havingRaw("sum(p.price) > ?", [1]),
  );
  await knex.transaction(async (transaction) => {
    await transaction("posts").where({ body: "one" }).forUpdate().select();
    await transaction("posts").where({ body: "one" }).increment("price", 1);
    const inner = await transaction.transaction();
    await inner("posts").del();
    await inner.rollback();
  });
  log(await knex("posts").select().orderBy("id"));
  log(await knex("users").jsonExtract("profile", "$.a[1].b", "b"));
  log(await knex("users").whereJsonPath("profile", "$.a[0]", "=", 1).count());
  log(
    await knex("users")
      .whereJsonSupersetOf("profile", { a: [1] })
      .count(),
  );
  log(
    await knex
      .with("dear", knex("posts").where("price", ">", 2))
      .select("body")
      .from("dear")
      .orderBy("id"),
  );
  log(await knex("posts").whereIn("id", [1, 2]).whereBetween("price", [0, 10]).distinct("user_id"));
  const streamed = [];
  for await (const row of knex("posts").select("body").orderBy("id").stream()) streamed.push(row);
  log(streamed);
  await knex("posts")
    .insert({ user_id: 99, body: "z" })
    .catch(({ code, constraint }) => log([code, constraint]));
}
