import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

// What PostgreSQL 18 answers to the same messages.

describe("the start", () => {
  test("tells the settings that drivers ask for, a key, and that it is ready", async () => {
    const engine = await RunningEngine.start();
    const { greeting } = await engine.wire();
    expect(greeting[0]).toBe("R(0)");
    const told = greeting
      .filter((message) => message.startsWith("S("))
      .map((message) => message.slice(2).split("=")[0]);
    expect(told.toSorted()).toEqual(
      [
        ...[
          "DateStyle",
          "IntervalStyle",
          "TimeZone",
          "application_name",
          "client_encoding",
          "default_transaction_read_only",
        ],
        ...[
          "in_hot_standby",
          "integer_datetimes",
          "is_superuser",
          "scram_iterations",
          "search_path",
          "server_encoding",
        ],
        ...["server_version", "session_authorization", "standard_conforming_strings"],
      ].toSorted(),
    );
    expect(greeting.slice(-2)).toEqual(["K(4)", "Z(I)"]);
  });

  test("of protocol 3.2 has a longer key; what is newer or unknown is told", async () => {
    const engine = await RunningEngine.start();
    expect((await engine.wire({}, 2)).greeting.at(-2)).toBe("K(32)");
    const newer = await engine.wire({ "_pq_.x": "1" }, 9999);
    expect(newer.greeting[0]).toBe("v(2 _pq_.x)");
    expect(newer.greeting.slice(-2)).toEqual(["K(32)", "Z(I)"]);
  });

  test.each<[Record<string, string>, string]>([
    [{ nosuch: "1" }, "E(42704 unrecognized configuration parameter"],
    [{ user: "" }, "E(28000 no PostgreSQL user name specified in startup packet)"],
    [{ database: "nodb" }, 'E(3D000 database "nodb" does not exist)'],
    [{ options: "-x" }, "E(42601 invalid command-line argument for server process: -x)"],
  ])("with %j is refused", async (parameters, error) => {
    const engine = await RunningEngine.start();
    const { greeting } = await engine.wire(parameters);
    expect(greeting.at(-1)).toBe("<closed>");
    expect(greeting.at(-2)).toContain(error);
  });

  test("takes settings from its parameters and options", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.wire({
      "foo.bar": "1",
      application_name: "x y",
      options: "-c search_path=abc --work-mem=5MB",
    });
    expect(client.greeting).toContain("S(application_name=x y)");
    expect(await client.query("show search_path")).toContain("D(abc)");
    expect(await client.query("show work_mem")).toContain("D(5MB)");
  });

  test("another major version is refused, and nonsense ends the connection", async () => {
    const engine = await RunningEngine.start();
    const older = await WireClient.open(engine.port);
    older.socket.write(Buffer.from([0, 0, 0, 8, 0, 4, 0, 0]));
    expect(await older.answer()).toEqual([
      "E(0A000 unsupported frontend protocol 4.0: server supports 3.0 to 3.2)",
      "<closed>",
    ]);
    const nonsense = await WireClient.open(engine.port);
    nonsense.socket.write("GET / HTTP/1.1\r\n\r\n");
    expect((await nonsense.answer()).at(-1)).toBe("<closed>");
  });
});

describe("the simple protocol", () => {
  test("several statements are one transaction, unless they say otherwise", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.wire();
    expect(
      await client.query("create table t(a int primary key, b text); insert into t values(1,'x')"),
    ).toEqual(["C(CREATE TABLE)", "C(INSERT 0 1)", "Z(I)"]);
    const answers = await client.query(
      "insert into t values(2,'y'); select 1/0; insert into t values(3,'z')",
    );
    // PostgreSQL finds this division before it describes the columns; ours when it runs.
    expect(answers.filter((message) => !message.startsWith("T["))).toEqual([
      "C(INSERT 0 1)",
      "E(22012 division by zero)",
      "Z(I)",
    ]);
    expect(await client.query("select count(*) from t")).toEqual([
      "T[count:20/8/-1]",
      "D(1)",
      "C(SELECT 1)",
      "Z(I)",
    ]);
    await client.query("begin; insert into t values(4,'q'); commit; insert into t values(5,'r'); select 1/0");
    expect(await client.query("select a from t order by a")).toEqual([
      "T[a:23/4/-1]",
      "D(1)",
      "D(4)",
      "C(SELECT 2)",
      "Z(I)",
    ]);
  });

  test("an empty query is answered as such", async () => {
    const client = await (await RunningEngine.start()).wire();
    for (const text of ["", " ; ", "-- x"]) expect(await client.query(text)).toEqual(["I", "Z(I)"]);
  });

  test("the status of the transaction follows every answer", async () => {
    const client = await (await RunningEngine.start()).wire();
    expect(await client.query("begin")).toEqual(["C(BEGIN)", "Z(T)"]);
    expect((await client.query("select 1/0")).at(-1)).toBe("Z(E)");
    expect(await client.query("select 1")).toEqual([
      "E(25P02 current transaction is aborted, commands ignored until end of transaction block)",
      "Z(E)",
    ]);
    expect(await client.query("commit")).toEqual(["C(ROLLBACK)", "Z(I)"]);
    expect(await client.query("begin")).toEqual(["C(BEGIN)", "Z(T)"]);
    expect(await client.query("begin")).toEqual([
      "N(25001 there is already a transaction in progress)",
      "C(BEGIN)",
      "Z(T)",
    ]);
    expect(await client.query("rollback")).toEqual(["C(ROLLBACK)", "Z(I)"]);
    expect(await client.query("commit")).toEqual([
      "N(25P01 there is no transaction in progress)",
      "C(COMMIT)",
      "Z(I)",
    ]);
  });

  test("errors have the place in the text", async () => {
    const client = await (await RunningEngine.start()).wire();
    expect(await client.query("select * from nope")).toEqual([
      'E(42P01 relation "nope" does not exist @15)',
      "Z(I)",
    ]);
    expect(await client.query("selec 1")).toEqual(['E(42601 syntax error at or near "selec" @1)', "Z(I)"]);
  });

  test("settings that clients are told of are told when they change", async () => {
    const client = await (await RunningEngine.start()).wire();
    expect(await client.query("set timezone to 'America/New_York'")).toEqual([
      "C(SET)",
      "S(TimeZone=America/New_York)",
      "Z(I)",
    ]);
    expect(await client.query("set search_path to foo")).toContain("S(search_path=foo)");
  });
});

describe("the extended protocol", () => {
  test("an error leaves everything out up to Sync, and undoes what came before", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table t(a int primary key)");
    const answers = await client.say((writer) => {
      for (const text of ["insert into t values(10)", "select 1/0", "insert into t values(11)"]) {
        writer.parse("", text);
        writer.bind("", "");
        writer.execute("");
      }
      writer.sync();
    });
    expect(answers).toEqual(expect.arrayContaining(["C(INSERT 0 1)", "E(22012 division by zero)", "Z(I)"]));
    expect(answers.filter((message) => message.startsWith("C("))).toHaveLength(1);
    expect(await client.query("select count(*) from t")).toContain("D(0)");
  });

  test("an error comes before Sync, also when a Flush after it is left out", async () => {
    const client = await (await RunningEngine.start()).wire();
    client.send((writer) => {
      writer.parse("", "selec 1");
      writer.flush();
    });
    expect(await client.until((message) => message.startsWith("E("))).toEqual([
      'E(42601 syntax error at or near "selec" @1)',
    ]);
    expect(await client.say((writer) => writer.sync())).toEqual(["Z(I)"]);
  });

  test("ready comes with Sync alone", async () => {
    const client = await (await RunningEngine.start()).wire();
    const answers = await client.say((writer) => {
      writer.parse("", "selec 1");
      writer.describe("statement", "");
      writer.sync();
      writer.sync();
    }, 2);
    expect(answers).toEqual(['E(42601 syntax error at or near "selec" @1)', "Z(I)", "Z(I)"]);
  });

  test("rows come as many at a time as asked for", async () => {
    const client = await (await RunningEngine.start()).wire();
    const answers = await client.say((writer) => {
      writer.parse("", "values (1),(2),(3),(4)");
      writer.bind("", "");
      for (let i = 0; i < 3; i++) writer.execute("", 2);
      writer.sync();
    });
    expect(answers).toEqual(["1", "2", "D(1)", "D(2)", "s", "D(3)", "D(4)", "s", "C(SELECT 0)", "Z(I)"]);
  });

  test("outside of a transaction a portal ends with Sync", async () => {
    const client = await (await RunningEngine.start()).wire();
    const answers = await client.say((writer) => {
      writer.parse("", "values (1),(2),(3),(4)");
      writer.bind("p", "");
      writer.execute("p", 2);
      writer.sync();
      writer.execute("p", 2);
      writer.sync();
    }, 2);
    expect(answers).toEqual([
      "1",
      "2",
      "D(1)",
      "D(2)",
      "s",
      "Z(I)",
      'E(34000 portal "p" does not exist)',
      "Z(I)",
    ]);
  });

  test("types are described before anything is bound", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table t(a int primary key, b text)");
    const describe = (text: string, oids: number[] = []) =>
      client.say((writer) => {
        writer.parse("", text, oids);
        writer.describe("statement", "");
        writer.sync();
      });
    expect(await describe("select $1, $2::int, a from t where b=$3 and a=$4")).toEqual([
      "1",
      "t[25,23,25,23]",
      "T[?column?:25/-1/-1,int4:23/4/-1,a:23/4/-1]",
      "Z(I)",
    ]);
    expect(await describe("select $1 as x", [705])).toEqual(["1", "t[25]", "T[x:25/-1/-1]", "Z(I)"]);
    expect(await describe("insert into t values(20,null)")).toEqual(["1", "t[]", "n", "Z(I)"]);
    expect(await describe("delete from t where a=20 returning a,b")).toEqual([
      "1",
      "t[]",
      "T[a:23/4/-1,b:25/-1/-1]",
      "Z(I)",
    ]);
    expect(await describe("")).toEqual(["1", "t[]", "n", "Z(I)"]);
  });

  test("names of statements and portals are taken once", async () => {
    const client = await (await RunningEngine.start()).wire();
    const parse = (name: string, text = "select 1") =>
      client.say((writer) => {
        writer.parse(name, text);
        writer.sync();
      });
    expect(await parse("s1")).toEqual(["1", "Z(I)"]);
    expect(await parse("s1")).toEqual(['E(42P05 prepared statement "s1" already exists)', "Z(I)"]);
    expect(await parse("", "select 1; select 2")).toEqual([
      "E(42601 cannot insert multiple commands into a prepared statement)",
      "Z(I)",
    ]);
    const answers = await client.say((writer) => {
      writer.bind("pp", "s1");
      writer.bind("pp", "s1");
      writer.sync();
      writer.close("statement", "nope");
      writer.close("statement", "s1");
      writer.bind("", "s1");
      writer.sync();
    }, 2);
    expect(answers).toEqual([
      "2",
      'E(42P03 cursor "pp" already exists)',
      "Z(I)",
      "3",
      "3",
      'E(26000 prepared statement "s1" does not exist)',
      "Z(I)",
    ]);
  });

  test("bad parameters are refused", async () => {
    const client = await (await RunningEngine.start()).wire();
    const bind = (parameters: (string | Buffer)[], formats: number[] = []) =>
      client.say((writer) => {
        writer.parse("", "select $1::int");
        writer.bind("", "", parameters, formats);
        writer.execute("");
        writer.sync();
      });
    expect(await bind(["1", "2"])).toEqual([
      "1",
      'E(08P01 bind message supplies 2 parameters, but prepared statement "" requires 1)',
      "Z(I)",
    ]);
    expect(await bind(["abc"])).toEqual([
      "1",
      'E(22P02 invalid input syntax for type integer: "abc")',
      "Z(I)",
    ]);
    expect((await bind([Buffer.from([0, 1])], [1])).slice(1)).toEqual([
      expect.stringMatching(/^E\((08P01|22P03) /),
      "Z(I)",
    ]);
    expect(await bind(["7"])).toEqual(["1", "2", "D(7)", "C(SELECT 1)", "Z(I)"]);
  });

  test("a plan whose result changes is not served to who knows the old one", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table cp(a int)");
    await client.say((writer) => {
      writer.parse("cp1", "select * from cp");
      writer.sync();
    });
    await client.query("alter table cp add b int");
    const answers = await client.say((writer) => {
      writer.bind("", "cp1");
      writer.execute("");
      writer.sync();
    });
    expect(answers.slice(-2)).toEqual(["E(0A000 cached plan must not change result type)", "Z(I)"]);
  });

  test("SQL's PREPARE can be bound by the protocol; DISCARD ALL drops both kinds", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("prepare sq(int) as select $1+1");
    const bind = (name: string, parameters: string[]) =>
      client.say((writer) => {
        writer.bind("", name, parameters);
        writer.execute("");
        writer.sync();
      });
    expect(await bind("sq", ["4"])).toEqual(["2", "D(5)", "C(SELECT 1)", "Z(I)"]);
    await client.say((writer) => {
      writer.parse("s1", "select 1");
      writer.sync();
    });
    expect(await client.query("discard all")).toContain("C(DISCARD ALL)");
    expect(await bind("s1", [])).toEqual(['E(26000 prepared statement "s1" does not exist)', "Z(I)"]);
    expect(await bind("sq", ["4"])).toEqual(['E(26000 prepared statement "sq" does not exist)', "Z(I)"]);
  });
});

describe("COPY", () => {
  test("takes rows, and gives them back", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table c(a int, b text)");
    client.send((writer) => writer.query("copy c from stdin"));
    await client.until((message) => message === "G");
    const answers = await client.say((writer) => {
      writer.copyData(Buffer.from("1\tone\n2\t\\N\n3\ta\\t"));
      writer.copyData(Buffer.from("b\n"));
      writer.copyDone();
    });
    expect(answers).toEqual(["C(COPY 3)", "Z(I)"]);
    const out = await client.query("copy c to stdout");
    expect(out[0]).toBe("H");
    expect(
      out
        .filter((message) => message.startsWith("d("))
        .map((message) => message.slice(2, -1))
        .join(""),
    ).toBe("1\tone\n2\t\\N\n3\ta\\tb\n");
    expect(out.slice(-3)).toEqual(["c", "C(COPY 3)", "Z(I)"]);
  });

  test("a bad row undoes it all; what the client still sends is dropped", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table c(a int)");
    const answers = await client.say((writer) => {
      writer.query("copy c from stdin");
      writer.copyData(Buffer.from("1\nx\n"));
      writer.copyDone();
      writer.query("select count(*) from c");
    }, 2);
    expect(answers).toEqual([
      "G",
      'E(22P02 invalid input syntax for type integer: "x")',
      "Z(I)",
      "T[count:20/8/-1]",
      "D(0)",
      "C(SELECT 1)",
      "Z(I)",
    ]);
  });

  test("the client can give up", async () => {
    const client = await (await RunningEngine.start()).wire();
    await client.query("create table c(a int)");
    const answers = await client.say((writer) => {
      writer.query("copy c from stdin");
      writer.copyData(Buffer.from("1\n"));
      writer.copyFail("client says no");
    });
    expect(answers).toEqual(["G", "E(57014 COPY from stdin failed: client says no)", "Z(I)"]);
  });
});
