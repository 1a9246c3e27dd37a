// Sequelize: sync, associations, ranges, arrays and JSON, upserts, findOrCreate (a temporary function), introspection.
import { DataTypes, Op, Sequelize } from "sequelize";

export async function run(url, log) {
  const sequelize = new Sequelize(url, { logging: false });
  try {
    const { User, Post } = define(sequelize);
    await sequelize.sync();
    await writeAndRead(sequelize, User, Post, log);
    await change(sequelize.getQueryInterface(), log);
    await sequelize.sync({ alter: true });
    await sequelize.drop({ cascade: true });
    log(await sequelize.getQueryInterface().showAllTables());
  } finally {
    await sequelize.close();
  }
}

function define(sequelize) {
  const User = sequelize.define(
    "User",
    {
      name: { type: DataTypes.STRING(50), allowNull: false, unique: true },
      age: DataTypes.INTEGER,
      meta: DataTypes.JSONB,
      tags: DataTypes.ARRAY(DataTypes.STRING),
      role: { type: DataTypes.ENUM("a", "b"), defaultValue: "a" },
      price: DataTypes.DECIMAL(10, 2),
      born: DataTypes.DATEONLY,
      big: DataTypes.BIGINT,
      blob: DataTypes.BLOB,
      range: DataTypes.RANGE(DataTypes.INTEGER),
    },
    { indexes: [{ fields: ["age"] }, { using: "gin", fields: ["meta"] }], paranoid: true },
  );
  const Post = sequelize.define("Post", { title: DataTypes.TEXT });
  User.hasMany(Post, { onDelete: "CASCADE" });
  Post.belongsTo(User);
  User.belongsToMany(Post, { through: "Likes", as: "liked" });
  return { User, Post };
}

async function writeAndRead(sequelize, User, Post, log) {
  const user = await User.create({
    name: "ann",
    age: 5,
    meta: { a: { b: [1, 2] } },
    tags: ["x", "y"],
    price: "1.5",
    born: "2020-01-02",
    big: "9007199254740993",
    blob: Buffer.from("hi"),
    range: [1, 5],
  });
  log([user.id, user.price, user.big, user.range]);
  await Post.bulkCreate([
    { title: "t1", UserId: user.id },
    { title: "t2", UserId: user.id },
  ]);
  const found = await User.findAll({
    include: [Post],
    where: { tags: { [Op.contains]: ["x"] } },
    order: [[Post, "id", "desc"]],
  });
  log(found.map((one) => [one.name, one.Posts.map(({ title }) => title), one.blob.toString(), one.born]));
  await user.setLiked(await Post.findAll());
  log(await user.countLiked());
  log(await User.upsert({ name: "ann", age: 9 }).then(([one, created]) => [one.age, created]));
  const bob = { where: { name: "bob" }, defaults: { age: 3, role: "b" } };
  for (let i = 0; i < 2; i++) log(await User.findOrCreate(bob).then(([one, created]) => [one.name, created]));
  log(
    await User.findAll({
      attributes: ["role", [sequelize.fn("count", sequelize.col("id")), "n"]],
      group: ["role"],
      order: ["role"],
      raw: true,
    }),
  );
  const where = { name: { [Op.iLike]: "%N%" }, age: { [Op.between]: [1, 10] } };
  log(await User.findAndCountAll({ where, limit: 1 }).then(({ count, rows }) => [count, rows.length]));
  await sequelize.transaction(async (transaction) => {
    await User.increment("age", { by: 2, where: { name: "ann" }, transaction });
    await User.findOne({ where: { name: "ann" }, lock: transaction.LOCK.UPDATE, transaction });
  });
  log((await User.findOne({ where: { name: "ann" } })).age);
  await user.destroy();
  log([await User.count(), await User.count({ paranoid: false })]);
  await User.create({ name: "bob" }).catch(({ name, errors }) =>
    log([name, errors.map((e) => [e.path, e.message])]),
  );
  await Post.create({ UserId: 99 }).catch(({ name, table, index }) => log([name, table, index]));
}

async function change(queries, log) {
  log(await queries.describeTable("Users"));
  log((await queries.showIndex("Users")).map(({ name, unique, definition }) => [name, unique, definition]));
  log(await queries.getForeignKeyReferencesForTable("Posts"));
  await queries.addColumn("Users", "x", { type: DataTypes.INTEGER, defaultValue: 3 });
  await queries.changeColumn("Users", "x", { type: DataTypes.STRING, allowNull: false, defaultValue: "9" });
  await queries.renameColumn("Users", "x", "y");
  await queries.addIndex("Users", ["y"]);
  const limits = { fields: ["age"], type: "check", where: { age: { [Op.lt]: 100 } }, name: "age_check" };
  await queries.addConstraint("Users", limits);
  await queries.removeConstraint("Users", "age_check");
  await queries.removeColumn("Users", "y");
}
