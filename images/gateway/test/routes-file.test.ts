import { ConfigError } from "@weftkit/config";
import { describe, expect, test } from "vitest";
import type { Asked } from "../src/routes/route.ts";
import { readRoutesFile } from "../src/routes/routes-file.ts";
import { routesFile } from "./start-gateway.ts";

function mistakesOf(text: string): string[] {
  const path = routesFile(text);
  try {
    readRoutesFile(path, false);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.mistakes.map(({ where, message }) => `${where.slice(path.length)} ${message}`);
    throw error;
  }
  return [];
}

const text = `
[[routes]]
target = "relational/orders"
database = ["orders"]

[[routes]]
target = "relational/eu"
sni = ["*.eu.example.com"]

[[routes]]
target = "relational"
user = ["ann"]

[[routes]]
name = "notes"
target = "markdown"
host = ["notes.example.com"]
path = ["/v1"]

[[routes]]
target = "filestore"
aws = "s3"

[[routes]]
target = "keyvalue"
path = ["/"]

[[routes]]
name = "grpc"
target = "vector"
service = ["weftkit.*"]
on = ["shared"]
`;

const cases: readonly [string, Omit<Asked, "listener">, string | undefined][] = [
  ["the database", { protocol: "postgres", database: "orders", user: "ann" }, "relational/orders"],
  ["a name of one more label", { protocol: "postgres", serverName: "a.eu.example.com" }, "relational/eu"],
  ["no name of two more", { protocol: "postgres", serverName: "a.b.eu.example.com" }, undefined],
  ["not the name without", { protocol: "postgres", serverName: "eu.example.com" }, undefined],
  ["the user", { protocol: "postgres", database: "other", user: "ann" }, "relational"],
  ["nobody", { protocol: "postgres", database: "other", user: "bob" }, undefined],
  ["host and path", { protocol: "http", host: "notes.example.com", path: "/v1/notes" }, "notes"],
  ["whole segments", { protocol: "http", host: "notes.example.com", path: "/v11" }, "keyvalue"],
  ["a service of AWS", { protocol: "http", host: "a", path: "/b/k", aws: "s3" }, "filestore"],
  ["every path", { protocol: "http", host: "a", path: "/b/k" }, "keyvalue"],
  ["a package of gRPC", { protocol: "http2", service: "weftkit.vector.v1.Vectors" }, "grpc"],
  ["no other package", { protocol: "http2", service: "weftkitty.Vectors" }, undefined],
];

describe("a table of routes", () => {
  const read = () => readRoutesFile(routesFile(text), false).table;

  test.each(cases)("finds by %s", (_, asked, expected) => {
    expect(read().find({ listener: "shared", ...asked })?.name).toBe(expected);
  });

  test("is for its engine's port and the shared one, where it says nothing else", () => {
    const table = read();
    expect(table.find({ listener: "document", protocol: "postgres", database: "orders" })).toBeUndefined();
    expect(
      table.find({ listener: "vector", protocol: "http2", service: "weftkit.vector.v1.V" }),
    ).toBeUndefined();
    expect(table.find({ listener: "relational", protocol: "postgres", database: "orders" })?.name).toBe(
      "relational/orders",
    );
  });

  test("says which of the offered protocols is spoken behind a port", () => {
    const table = read();
    expect(table.alpnOf("shared", undefined, ["h2", "http/1.1"])).toBe("h2");
    expect(table.alpnOf("relational", undefined, ["h2", "postgresql"])).toBe("postgresql");
    expect(table.alpnOf("relational", undefined, ["h2"])).toBeUndefined();
  });
});

test("every mistake is told at once, with its line", () => {
  const found = mistakesOf(`[[routes]]
target = "relatoinal"

[[routes]]
target = "inmemory"
database = ["a"]
on = ["inmemroy"]

[[routes]]
target = "relational"
tls = "pass"
databse = ["b"]

[[routes]]
target = "filestore"
path = ["v1"]
tls = "required"

[[routes]]
target = "filestore"
max_connection_rate = 5

[[backends]]
target = "relational"
`);
  expect(found).toEqual([
    ":12 routes.2.databse: unknown key; did you mean database?",
    ':2 "relatoinal" is no engine; did you mean relational?',
    ":6 database says nothing about clients of inmemory",
    ':7 "inmemroy" is no port of the gateway; did you mean inmemory?',
    ':11 tls = "pass" needs sni: nothing else of a client is known then',
    ':17 tls = "required" needs the certificate of [tls]',
    ':16 "v1" is no path: it begins with "/"',
    ":21 requests of HTTP are limited by max_request_rate",
    ':19 two routes are called "filestore": give each a name',
    ":23 a backend needs target and address",
  ]);
});
