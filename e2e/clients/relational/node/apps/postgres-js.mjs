// postgres.js: its helpers, savepoints, cursors, COPY both ways, LISTEN, cancel, notices.
import postgres from "postgres";

export async function run(url, log) {
  const notices = [];
  const sql = postgres(url, { onnotice: ({ message }) => notices.push(message), max: 4 });
  try {
    await values(sql, log);
    await transactions(sql, log);
    await copies(sql, log);
    const heard = new Promise((resolve) => sql.listen("channel", resolve, () => sql.notify("channel", "hi")));
    log(await heard);
    log((await sql`select 1 as x; select 2 as y`.simple()).map(([row]) => row));
    const slow = sql`select pg_sleep(10)`.execute();
    setTimeout(() => slow.cancel(), 50);
    await slow.catch(({ code }) => log(code));
    log((await sql`select ${1} + ${2}::int as a`.describe()).types);
    await sql`do $$ begin raise notice 'hello %', 3; end $$`;
    log(notices);
  } finally {
    await sql.end();
  }
}

async function values(sql, log) {
  await sql`create table every (id serial primary key, a text[], j jsonb, d date, b bytea, n numeric, t timestamptz, big int8, ia int[], f float8, bo bool)`;
  const row = {
    a: ["x", "y"],
    j: { k: 1 },
    d: new Date("2020-01-01"),
    b: Buffer.from("hey"),
    n: "1.5",
    t: new Date(0),
    big: "9007199254740993",
    ia: [1, 2],
    f: 1.5,
    bo: true,
  };
  log(await sql`insert into every ${sql([row])} returning *`);
  log(await sql`update every set ${sql({ n: 3 }, "n")} where id in ${sql([1, 2])} returning n`);
  log(await sql`select id from every where a && ${sql.array(["x"])} and j->>'k' = ${"1"}`);
  log(await Promise.all([1, 2, 3].map((i) => sql`select ${i}::int as x`)));
}

async function transactions(sql, log) {
  log(
    await sql.begin(async (outer) => {
      await outer.savepoint((inner) => inner`select 1 / 0`).catch(({ code }) => log(code));
      return outer`select count(*) from every`;
    }),
  );
  const seen = [];
  for await (const [row] of sql`select generate_series(1, 5) as x`.cursor()) seen.push(row.x);
  await sql`select x from generate_series(1, 7) as x`.cursor(3, (rows) => seen.push(rows.length));
  log(seen);
}

async function copies(sql, log) {
  const writable = await sql`copy every (a, n) from stdin`.writable();
  await new Promise((resolve, reject) => {
    writable.on("error", reject);
    writable.on("finish", resolve);
    writable.end("{q}\t4\n");
  });
  let text = "";
  for await (const chunk of await sql`copy (select id, a, n from every order by id) to stdout`.readable())
    text += chunk;
  log(text);
}
