import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { MessageReader, readErrorFields } from "@weftkit/wire-postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Arrival, type ArrivalError, type ArrivalOptions, arrive, refuse } from "../src/index.ts";

const usual: ArrivalOptions = {
  expected: undefined,
  timeoutMs: 5000,
  silenceMs: 5000,
  bytesMax: 16 << 10,
  isTrustedProxy: () => false,
  tlsChoice: () => "pass",
  postgresTls: "no",
  secure: () => Promise.reject(new Error("no TLS here")),
};

/** What comes of a connection that begins with `bytes`, and what its client is then told. */
async function begin(bytes: Buffer | string, options: Partial<ArrivalOptions> = {}) {
  const outcome = Promise.withResolvers<Arrival | ArrivalError>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    arrive(socket, { ...usual, ...options }).then(
      (arrival) => {
        outcome.resolve(arrival);
        refuse(arrival, "max_connections");
      },
      (error: ArrivalError) => {
        outcome.resolve(error);
        socket.destroy();
      },
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const answers: Buffer[] = [];
  client.on("data", (chunk: Buffer) => answers.push(chunk));
  // It may be over before the server's side knows what came of it.
  const closed = once(client, "close");
  client.write(bytes);
  const found = await outcome.promise;
  await closed;
  return { found, answer: Buffer.concat(answers) };
}

describe("a refusal is the protocol's own", () => {
  test("RESP", async () => {
    const { answer } = await begin("*1\r\n$4\r\nPING\r\n");
    expect(answer.toString()).toBe("-ERR max number of clients reached\r\n");
  });

  test("PostgreSQL", async () => {
    const startup = Buffer.from("00000012000300007573657200616e6e0000", "hex");
    const { answer } = await begin(startup);
    expect(answer.toString("latin1", 0, 1)).toBe("E");
    expect(readErrorFields(new MessageReader(answer, 5)).code).toBe("53300");
  });

  test("HTTP", async () => {
    const { answer } = await begin("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 [\s\S]*application\/problem\+json[\s\S]*"status":503/);
  });
});

test("a PROXY header is believed from those who are trusted, and an error from others", async () => {
  const bytes = "PROXY TCP4 192.0.2.7 198.51.100.1 4000 443\r\nPING\r\n";
  expect((await begin(bytes, { isTrustedProxy: () => true })).found).toMatchObject({
    ends: { sourceAddress: "192.0.2.7", sourcePort: 4000 },
    opening: { protocol: "resp" },
  });
  expect((await begin(bytes)).found).toMatchObject({ code: "unknown_protocol" });
});

test("who sends too little, or too much that is nothing, is not waited for", async () => {
  expect((await begin("*1", { timeoutMs: 50 })).found).toMatchObject({ code: "late" });
  expect((await begin("", { silenceMs: 50 })).found).toMatchObject({ code: "late" });
  const head = `GET / HTTP/1.1\r\nA: ${"x".repeat(20_000)}`;
  expect((await begin(head)).found).toMatchObject({ code: "too_long" });
});
