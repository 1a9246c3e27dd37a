// TypeORM: schema synchronised twice, relations, generated columns, a view, locks, upserts, soft deletes, introspection.
import "reflect-metadata";
import typeorm from "typeorm";

const { DataSource, EntitySchema } = typeorm;

const User = new EntitySchema({
  name: "User",
  tableName: "t_user",
  columns: {
    id: { type: "int", primary: true, generated: true },
    uid: { type: "uuid", generated: "uuid" },
    name: { type: "varchar", length: 40, unique: true },
    data: { type: "jsonb", nullable: true },
    tags: { type: "text", array: true, default: "{}" },
    mood: { type: "enum", enum: ["sad", "ok"], default: "ok" },
    created: { type: "timestamptz", createDate: true },
    removed: { type: "timestamptz", deleteDate: true },
    version: { type: "int", version: true },
    price: { type: "numeric", precision: 10, scale: 2, nullable: true },
    period: { type: "tstzrange", nullable: true },
  },
  relations: { posts: { type: "one-to-many", target: "Post", inverseSide: "user", cascade: true } },
  indices: [{ columns: ["mood", "name"] }],
  checks: [{ expression: '"price" > 0' }],
});
const Post = new EntitySchema({
  name: "Post",
  tableName: "t_post",
  columns: {
    id: { type: "bigint", primary: true, generated: "identity" },
    title: { type: "text" },
    loud: { type: "text", generatedType: "STORED", asExpression: "title || '!'" },
  },
  relations: {
    user: {
      type: "many-to-one",
      target: "User",
      inverseSide: "posts",
      onDelete: "CASCADE",
      joinColumn: true,
    },
    tags: { type: "many-to-many", target: "Tag", joinTable: true, cascade: true },
  },
});
const Tag = new EntitySchema({
  name: "Tag",
  tableName: "t_tag",
  columns: { name: { type: "varchar", primary: true } },
});
const Names = new EntitySchema({
  name: "Names",
  type: "view",
  expression: "select name, count(*) n from t_user group by name",
  columns: { name: { type: "varchar" }, n: { type: "bigint" } },
});

export async function run(url, log) {
  const entities = [User, Post, Tag, Names];
  const source = new DataSource({
    type: "postgres",
    url,
    entities,
    uuidExtension: "pgcrypto",
    installExtensions: false,
  });
  await source.initialize();
  try {
    await source.synchronize(true);
    const again = await source.driver.createSchemaBuilder().log();
    log(again.upQueries.map(({ query }) => query));
    await writeAndRead(source, log);
    await introspect(source, log);
    await source.dropDatabase();
  } finally {
    await source.destroy();
  }
}

async function writeAndRead(source, log) {
  const users = source.getRepository("User");
  const posts = [
    { title: "p1", tags: [{ name: "g" }] },
    { title: "p2", tags: [{ name: "h" }] },
  ];
  const user = await users.save({ name: "ann", data: { a: 1 }, tags: ["x"], price: "2.50", posts });
  log([user.id, user.posts.map(({ id, loud }) => [id, loud]), user.version]);
  const found = await users.find({ relations: { posts: { tags: true } }, order: { posts: { id: "DESC" } } });
  log(found.map((one) => [one.name, one.posts.map(({ title, tags }) => [title, tags])]));
  const counted = users.createQueryBuilder("u").leftJoin("u.posts", "p").select("u.name", "n");
  log(await counted.addSelect("count(p.id)", "c").groupBy("u.name").getRawMany());
  log((await users.findAndCount({ relations: { posts: true }, take: 1, skip: 0 }))[1]);
  await source.transaction("SERIALIZABLE", (manager) =>
    manager.update("User", { name: "ann" }, { mood: "sad" }),
  );
  const tagged = users.createQueryBuilder("u").where("u.tags @> :tags", { tags: ["x"] });
  log(await tagged.getCount());
  await users.upsert({ name: "ann", mood: "ok" }, ["name"]);
  await source
    .createQueryBuilder()
    .insert()
    .into("User")
    .values({ name: "bob" })
    .orUpdate(["mood"], ["name"])
    .execute();
  log(await source.manager.find("Names", { order: { name: "ASC" } }));
  await users.softDelete({ name: "bob" });
  log(await users.count());
  await users.insert({ name: "ann" }).catch(({ code, detail }) => log([code, detail]));
}

async function introspect(source, log) {
  const runner = source.createQueryRunner();
  const table = await runner.getTable("t_user");
  log(
    table.columns.map((c) => [
      c.name,
      c.type,
      c.length,
      c.isNullable,
      c.default,
      c.isArray,
      c.enum,
      c.isUnique,
    ]),
  );
  log(table.indices.map(({ columnNames }) => columnNames.toSorted()));
  log(table.checks.map(({ expression }) => expression));
  const post = await runner.getTable("t_post");
  log(post.foreignKeys.map((key) => [key.columnNames, key.onDelete, key.referencedTableName]));
  const wider = Object.assign(table.findColumnByName("price").clone(), { precision: 12 });
  await runner.changeColumn("t_user", "price", wider);
  log((await runner.getTable("t_user")).findColumnByName("price").precision);
  await runner.release();
}
