import { once } from "node:events";
import { connect } from "node:net";
import { patientMs } from "@weftkit/testing/patience";
import { beforeEach, describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

let engine: RunningEngine;

beforeEach(async () => {
  engine = await RunningEngine.start();
});

const none = new Map();
const all = new Map([["n", -1n]]);
const endless = "UNWIND range(1, 1000000000) AS x WITH x WHERE x < 0 RETURN count(x) AS n";

describe("the handshake", () => {
  test("agrees on every version that is offered, and never on 5.5", async () => {
    for (const [minor, agreed] of [
      [0, 0],
      [4, 4],
      [5, 4],
      [6, 6],
      [8, 8],
    ] as const) {
      const client = await WireClient.connect(engine.port, [{ major: 5, minor, range: minor === 5 ? 1 : 0 }]);
      expect(client.version).toEqual({ major: 5, minor: agreed });
    }
    const old = await WireClient.connect(engine.port, [{ major: 4, minor: 4, range: 2 }]);
    expect(old.version).toEqual({ major: 4, minor: 4 });
    const unknown = await WireClient.connect(engine.port, [{ major: 3, minor: 0, range: 0 }]);
    expect(unknown.version).toEqual({ major: 0, minor: 0 });
  });

  test("what is no Bolt is not served", async () => {
    const socket = connect(engine.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("HELO example.com\r\n".padEnd(40));
    await once(socket, "close");
    const http = connect(engine.port, "127.0.0.1");
    http.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [answer] = (await once(http, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/);
  });

  test("Bolt over WebSocket is on the same port", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${engine.port}/`);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    socket.send(Buffer.from("6060b017000001ff000808050002040400000003", "hex"));
    const [manifest] = (await once(socket, "message")) as [{ data: ArrayBuffer }];
    expect(Buffer.from(manifest.data).toString("hex")).toBe("000001ff0300020805000404050000040400");
    socket.send(Buffer.from("0000080500", "hex"));
    socket.send(Buffer.from("0003b101a00000", "hex"));
    const [hello] = (await once(socket, "message")) as [{ data: ArrayBuffer }];
    expect(Buffer.from(hello.data).toString("latin1")).toContain("Neo4j/5.26.0 (WeftKit");
    socket.close();
  });
});

describe("a session", () => {
  test("BEGIN, RUN and PULL may come in one packet", async () => {
    const client = await WireClient.ready(engine.port);
    client.socket.cork();
    client.send("begin", none);
    client.send("run", "RETURN 1 AS x", none, none);
    client.send("pull", all);
    client.send("commit");
    client.socket.uncork();
    const answers = await client.answers(5);
    expect(answers.map(({ name }) => name)).toEqual(["success", "success", "record", "success", "success"]);
    expect(WireClient.meta(answers[1]!, "qid")).toBe(0n);
    expect(String(WireClient.meta(answers[4]!, "bookmark"))).toMatch(/^FB:/);
  });

  test("after a failure all is ignored until RESET, which always succeeds", async () => {
    const client = await WireClient.ready(engine.port);
    client.send("run", "RETRN", none, none);
    client.send("pull", all);
    expect((await client.answers(2)).map(({ name }) => name)).toEqual(["failure", "ignored"]);
    client.send("run", "RETURN 1", none, none);
    client.send("reset");
    client.send("reset");
    client.send("run", "RETURN 1 AS x", none, none);
    const answers = await client.answers(4);
    expect(answers.map(({ name }) => name)).toEqual(["ignored", "success", "success", "success"]);
    expect(answers[0]!.fields).toEqual([]);
  });

  test("RESET jumps the queue and ends what runs", { timeout: patientMs(5000) }, async () => {
    const client = await WireClient.ready(engine.port);
    const nested = "[x IN xs | reduce(s = 0, y IN xs | s + size([z IN xs WHERE z = x + y]))]";
    for (const query of [
      endless,
      "UNWIND range(1, 1000000000) AS x CREATE (:Never)",
      `WITH range(1, 100000) AS xs RETURN ${nested} AS l`,
      `WITH range(1, 100000) AS xs WITH xs WHERE size(${nested}) = 1 RETURN xs`,
      `WITH range(1, 100000) AS xs UNWIND ${nested} AS x RETURN max(x)`,
      `WITH range(1, 100000) AS xs RETURN sum(size(${nested})) AS l`,
      "RETURN COUNT { UNWIND range(1, 1000000000) AS x WITH x WHERE x < 0 RETURN x } AS c",
      "RETURN 1 + size(COLLECT { UNWIND range(1, 1000000000) AS x WITH x WHERE x < 0 RETURN x }) AS c",
      "WITH range(1, 100000) AS xs RETURN all(x IN xs WHERE none(y IN xs WHERE x + y < 0)) AS a",
    ]) {
      client.send("run", query, none, none);
      client.send("pull", all);
      const other = await WireClient.ready(engine.port);
      // By now the first one runs: others are served in its pauses.
      other.send("run", "RETURN 1 AS x", none, none);
      other.send("pull", all);
      expect((await other.answers(3)).map(({ name }) => name)).toEqual(["success", "record", "success"]);
      client.send("reset");
      let last = await client.answer();
      while (last.name !== "success" || (last.fields[0] as Map<string, unknown>).size > 0)
        last = await client.answer();
      client.send("run", "RETURN 2 AS x", none, none);
      client.send("pull", all);
      expect((await client.answers(3))[1]!.fields).toEqual([[2n]]);
    }
  });

  test("a message out of turn ends the connection", async () => {
    const client = await WireClient.ready(engine.port);
    client.send("pull", all);
    const answer = await client.answer();
    expect(answer.name).toBe("failure");
    expect(WireClient.meta(answer, "code")).toBe("Neo.ClientError.Request.Invalid");
    if (!client.isClosed) await once(client.socket, "close");
  });

  test("results are pulled in parts, and by their numbers", async () => {
    const client = await WireClient.ready(engine.port);
    client.send("begin", none);
    client.send("run", "UNWIND range(1, 5) AS x RETURN x", none, none);
    client.send("run", "UNWIND ['a', 'b'] AS y RETURN y", none, none);
    client.send(
      "pull",
      new Map([
        ["n", 2n],
        ["qid", 0n],
      ]),
    );
    client.send("pull", new Map([["n", 1n]]));
    client.send(
      "pull",
      new Map([
        ["n", -1n],
        ["qid", 0n],
      ]),
    );
    client.send(
      "discard",
      new Map([
        ["n", -1n],
        ["qid", 1n],
      ]),
    );
    client.send("rollback");
    const answers = await client.answers(3 + 3 + 2 + 4 + 1 + 1);
    expect(
      answers.filter(({ name }) => name === "record").map(({ fields }) => (fields[0] as unknown[])[0]),
    ).toEqual([1n, 2n, "a", 3n, 4n, 5n]);
    expect(WireClient.meta(answers[5]!, "has_more")).toBe(true);
    expect(answers.every(({ name }) => name === "success" || name === "record")).toBe(true);
  });

  test("statuses from 5.6 on, notifications before", async () => {
    for (const [minor, key] of [
      [4, "notifications"],
      [6, "statuses"],
    ] as const) {
      const client = await WireClient.ready(engine.port, minor);
      client.send("run", "RETURN sum(null) AS s", none, none);
      client.send("pull", all);
      const [, , summary] = await client.answers(3);
      expect(WireClient.meta(summary!, key)).toBeDefined();
    }
  });

  test("ROUTE names the address that the client has asked for", async () => {
    const client = await WireClient.ready(engine.port);
    client.send("route", new Map([["address", "graph.example.com:17687"]]), [], new Map());
    const answer = await client.answer();
    const table = WireClient.meta(answer, "rt") as ReadonlyMap<string, unknown>;
    const servers = table.get("servers") as ReadonlyMap<string, unknown>[];
    expect(servers.map((server) => server.get("addresses"))).toEqual([
      ["graph.example.com:17687"],
      ["graph.example.com:17687"],
      ["graph.example.com:17687"],
    ]);
  });
});
