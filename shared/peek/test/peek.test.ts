import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { clientHandshake } from "@weftkit/wire-bolt";
import { writeMsg } from "@weftkit/wire-mongo";
import { describe, expect, onTestFinished, test } from "vitest";
import { isHello, peek, readClientHello, readProxyHeader, writeProxyHeader } from "../src/index.ts";

/** What a real TLS client sends first. */
async function clientHello(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = tlsConnect({ host: "127.0.0.1", port, ...options }).on("error", () => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return bytes;
}

function startup(parameters: Record<string, string>): Buffer {
  const body = `${Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join("")}\0`;
  const packet = Buffer.alloc(8 + body.length);
  packet.writeInt32BE(packet.length, 0);
  packet.writeInt32BE(196_608, 4);
  packet.write(body, 8);
  return packet;
}

/** `{ hello: 1, saslSupportedMechs: "shop.ann", $db: "admin" }` */
const hello = Buffer.from(
  "46000000 1068656c6c6f0001000000 027361736c537570706f727465644d65636873000900000073686f702e616e6e00 022464620006000000 61646d696e00 00".replaceAll(
    " ",
    "",
  ),
  "hex",
);
hello.writeInt32LE(hello.length, 0);

const openings: Record<string, readonly [Buffer, object]> = {
  postgres: [
    startup({ user: "ann", database: "shop" }),
    { protocol: "postgres", packet: { kind: "startup", major: 3 } },
  ],
  sslRequest: [Buffer.from("0000000804d2162f", "hex"), { protocol: "postgres", packet: { kind: "ssl" } }],
  cancel: [
    Buffer.from("0000001004d2162e0000000700000009", "hex"),
    { protocol: "postgres", packet: { kind: "cancel", processId: 7 } },
  ],
  array: [Buffer.from("*1\r\n$4\r\nPING\r\n"), { protocol: "resp" }],
  inline: [Buffer.from("PING\r\n"), { protocol: "resp" }],
  auth: [
    Buffer.from("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$1\r\nx\r\n"),
    { protocol: "resp", user: "ann" },
  ],
  mongo: [
    writeMsg({ requestId: 9, body: hello }),
    { protocol: "mongo", message: { requestId: 9, database: "shop", user: "ann" } },
  ],
  bolt: [clientHandshake([{ major: 5, minor: 8, range: 8 }]), { protocol: "bolt" }],
  http: [
    Buffer.from("POST /v1/x?y HTTP/1.1\r\nHost: a.b\r\n\r\n{}"),
    { protocol: "http", head: { method: "POST", target: "/v1/x?y" } },
  ],
  http2: [Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0"), { protocol: "http2" }],
};

describe("the protocols are told apart by their first bytes", () => {
  test.each(Object.entries(openings))("%s", (_, [bytes, expected]) => {
    expect(peek(bytes)).toMatchObject(expected);
  });

  test.each(Object.entries(openings))(
    "%s, byte by byte: more, or the same, never another",
    (_, [bytes, expected]) => {
      const { protocol } = expected as { protocol: string };
      for (let length = 0; length < bytes.length; length++) {
        const found = peek(bytes.subarray(0, length));
        if (typeof found === "object") expect(found.protocol, `${length} bytes`).toBe(protocol);
        else expect(found, `${length} bytes`).toBe("more");
      }
    },
  );

  test("only what is expected is looked for on a port of its own", () => {
    expect(peek(Buffer.from("GET / HTTP/1.1\r\n"), "resp")).toMatchObject({ protocol: "resp" });
    expect(peek(openings.postgres![0], "resp")).toBe("unknown");
    expect(peek(openings.http![0], "bolt")).toMatchObject({ protocol: "http" });
  });

  test("any bytes at all are told, or unknown, and never thrown at", () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 2 ** 31);
    const below = randomIntegers(seed);
    const valid = Object.values(openings).map(([bytes]) => bytes);
    for (let round = 0; round < 20_000; round++) {
      const bytes =
        below(2) === 0
          ? Buffer.from(valid[below(valid.length)]!)
          : Buffer.from(Array.from({ length: below(80) }, () => below(256)));
      for (let flips = below(4); flips > 0 && bytes.length > 0; flips--)
        bytes[below(bytes.length)] = below(256);
      const found = peek(bytes.subarray(0, below(bytes.length + 1)));
      expect(["more", "unknown", "object"], `seed ${seed}`).toContain(
        typeof found === "object" ? "object" : found,
      );
      expect(() => readProxyHeader(bytes), `seed ${seed}`).not.toThrow();
      expect(() => readClientHello(bytes), `seed ${seed}`).not.toThrow();
    }
  });
});

describe("a ClientHello", () => {
  test("names the server and the protocols", async () => {
    const bytes = await clientHello({
      servername: "Orders.Example.com",
      ALPNProtocols: ["postgresql", "h2"],
    });
    expect(peek(bytes)).toEqual({
      protocol: "tls",
      hello: { serverName: "orders.example.com", alpn: ["postgresql", "h2"] },
    });
    for (let length = 1; length < bytes.length; length++) {
      expect(readClientHello(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  test("may name none, and may come in several records", async () => {
    const bytes = await clientHello({});
    expect(readClientHello(bytes)).toEqual({ serverName: undefined, alpn: [] });
    const message = bytes.subarray(5);
    const records = [message.subarray(0, 3), message.subarray(3, 100), message.subarray(100)].flatMap(
      (part) => [Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part],
    );
    expect(readClientHello(Buffer.concat(records))).toEqual({ serverName: undefined, alpn: [] });
  });
});

describe("a PROXY header", () => {
  const ends = {
    sourceAddress: "192.0.2.7",
    sourcePort: 40_000,
    targetAddress: "198.51.100.1",
    targetPort: 443,
  };
  const ends6 = { sourceAddress: "2001:db8::7", sourcePort: 1, targetAddress: "::1", targetPort: 65_535 };

  test.each([
    [1, ends],
    [2, ends],
    [1, ends6],
    [2, ends6],
  ] as const)("of version %i is read as it was written", (version, written) => {
    const header = writeProxyHeader(version, written);
    expect(readProxyHeader(Buffer.concat([header, Buffer.from("rest")]))).toEqual({
      length: header.length,
      ends: written,
    });
    for (let length = 0; length < header.length; length++) {
      expect([undefined, "none"]).toContain(readProxyHeader(header.subarray(0, length)));
    }
  });

  test("is none, unknown, or malformed", () => {
    expect(readProxyHeader(Buffer.from("*1\r\n"))).toBe("none");
    expect(readProxyHeader(Buffer.from("PROXY UNKNOWN\r\n"))).toEqual({ length: 15, ends: undefined });
    expect(readProxyHeader(Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n"))).toBe("malformed");
    expect(readProxyHeader(Buffer.from("PROXY TCP4 ::1 5.6.7.8 1 2\r\n"))).toBe("malformed");
    expect(readProxyHeader(Buffer.concat([Buffer.from("PROXY TCP4 "), Buffer.alloc(120, 0x31)]))).toBe(
      "malformed",
    );
  });
});

test("a hello of MongoDB is known by its first name", () => {
  expect(isHello(writeMsg({ requestId: 1, body: hello }))).toBe(true);
  expect(
    isHello(
      writeMsg({
        requestId: 1,
        body: Buffer.from("0f0000001070696e670001000000 00".replace(" ", ""), "hex"),
      }),
    ),
  ).toBe(false);
});
