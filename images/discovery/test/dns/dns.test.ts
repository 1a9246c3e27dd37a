import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { readQuery, writeResponse } from "../../src/dns/message.ts";
import { startDns } from "./start-dns.ts";

const seed = Number(process.env.WEFTKIT_DNS_SEED ?? Math.floor(Math.random() * 1e9));

function resolver(port: number): Resolver {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}

const instances = [
  { id: "a", host: "10.0.0.1", port: 6379 },
  { id: "b", host: "10.0.0.2", port: 6380, role: "replica", weight: 7 },
  { id: "b2", host: "10.0.0.2", port: 6381 },
  { id: "Six", host: "2001:db8::1:5" },
  { id: "mapped", host: "::ffff:192.0.2.1" },
  { id: "named", host: "cache.example.com", port: 1, groups: ["cache", "names"] },
  { id: "suspected", host: "10.0.0.3", state: "suspect" },
  { id: "draining", host: "10.0.0.4", draining: true },
  { id: "failed", host: "10.0.0.5", state: "failed" },
  { id: "deep", host: "10.0.0.6", groups: ["eu.west"], engine: "relational", protocol: "postgresql" },
  { id: "with.dots", host: "10.0.0.7", groups: ["eu.west"] },
  { id: "only-suspected", host: "10.0.0.8", groups: ["shaky"], state: "suspect" },
] as const;

test("Node's resolver gets addresses and services of those that are well", async () => {
  const dns = resolver((await startDns(instances)).port);
  expect(await dns.resolve4("cache.weftkit", { ttl: true })).toEqual([
    { address: "10.0.0.1", ttl: 1 },
    { address: "10.0.0.2", ttl: 1 },
  ]);
  expect(await dns.resolve6("CACHE.weftkit")).toEqual(["2001:db8::1:5", "::ffff:192.0.2.1"]);
  const services = await dns.resolveSrv("_resp._tcp.cache.weftkit");
  expect(services.map(({ name, port, weight, priority }) => ({ name, port, weight, priority }))).toEqual([
    { name: "a.cache.weftkit", port: 6379, weight: 1, priority: 0 },
    { name: "b.cache.weftkit", port: 6380, weight: 7, priority: 1 },
    { name: "b2.cache.weftkit", port: 6381, weight: 1, priority: 0 },
    { name: "six.cache.weftkit", port: 6379, weight: 1, priority: 0 },
    { name: "mapped.cache.weftkit", port: 6379, weight: 1, priority: 0 },
    { name: "cache.example.com", port: 1, weight: 1, priority: 0 },
  ]);
  expect(await dns.resolveSrv("eu.west.weftkit")).toHaveLength(2);
  expect(await dns.resolveSrv("_relational._tcp.eu.west.weftkit")).toHaveLength(1);
  expect(await dns.resolve4("b2.cache.weftkit")).toEqual(["10.0.0.2"]);
  expect(await dns.resolve4("with.dots.eu.west.weftkit")).toEqual(["10.0.0.7"]);
  expect(await dns.resolveCname("named.names.weftkit")).toEqual(["cache.example.com"]);
  expect(await dns.resolveSoa("weftkit")).toMatchObject({ nsname: "ns.weftkit", minttl: 1 });
});

test.each([
  ["nothing.weftkit", "ENOTFOUND"],
  ["nobody.cache.weftkit", "ENOTFOUND"],
  ["failed.cache.weftkit", "ENOTFOUND"],
  // There is such a name, and no such record of it.
  ["shaky.weftkit", "ENODATA"],
  ["weftkit", "ENODATA"],
  ["west.weftkit", "ENODATA"],
  ["_tcp.cache.weftkit", "ENODATA"],
  ["suspected.cache.weftkit", "ENODATA"],
  ["example.com", "EREFUSED"],
])("%s has no address: %s", async (name, code) => {
  const dns = resolver((await startDns(instances)).port);
  await expect(dns.resolve4(name)).rejects.toMatchObject({ code });
});

test("a node that may not have heard of everybody does not say that there is nobody", async () => {
  const dns = resolver((await startDns(instances, { isSettled: false })).port);
  await expect(dns.resolve4("nothing.weftkit")).rejects.toMatchObject({ code: "ESERVFAIL" });
  expect(await dns.resolve4("deep.eu.west.weftkit")).toEqual(["10.0.0.6"]);
  await expect(dns.resolve6("deep.eu.west.weftkit")).rejects.toMatchObject({ code: "ENODATA" });
});

/** A question in the form of the protocol. */
function question(name: string, type: number, { edns = 0, flags = 0x0100 } = {}): Buffer {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  const bytes = Buffer.from([
    0x12,
    0x34,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    edns === 0 ? 0 : 1,
    ...labels,
    0,
    0,
    type,
    0,
    1,
  ]);
  bytes.writeUInt16BE(flags, 2);
  const opt = Buffer.from([0, 0, 41, edns >> 8, edns & 0xff, 0, 0, 0, 0, 0, 0]);
  return edns === 0 ? bytes : Buffer.concat([bytes, opt]);
}

async function overUdp(port: number, sent: Buffer): Promise<Buffer> {
  const socket = createSocket("udp4");
  socket.send(sent, port, "127.0.0.1");
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer;
}

const many = Array.from({ length: 300 }, (_, index) => ({
  id: `i-${index}`,
  host: `10.1.${index >> 8}.${index & 0xff}`,
}));

test("what does not fit into a datagram is cut between records, and is whole over TCP", async () => {
  const { port } = await startDns(many);
  for (const [edns, bytesMax] of [
    [0, 512],
    [700, 700],
    [4096, 1232],
  ] as const) {
    const answer = await overUdp(port, question("cache.weftkit", 1, { edns }));
    expect(answer.length).toBeLessThanOrEqual(bytesMax);
    expect(answer.length).toBeGreaterThan(bytesMax - 30);
    expect(answer[2]! & 2).toBe(2);
    const records = answer.readUInt16BE(6);
    expect(answer.length).toBe(12 + 15 + 4 + records * 16 + (edns === 0 ? 0 : 11));
  }
  const socket = connect(port, "127.0.0.1");
  const sent = question("cache.weftkit", 1);
  const length = Buffer.from([0, sent.length]);
  // Two questions at once, cut in the middle.
  const both = Buffer.concat([length, sent, length, sent]);
  socket.write(both.subarray(0, sent.length + 7));
  socket.write(both.subarray(sent.length + 7));
  let got = Buffer.alloc(0);
  const whole = 2 + 12 + 15 + 4 + 300 * 16;
  for await (const piece of socket) {
    got = Buffer.concat([got, piece as Buffer]);
    if (got.length >= 2 * whole) break;
  }
  expect(got.length).toBe(2 * whole);
  expect(got.readUInt16BE(0)).toBe(whole - 2);
  expect(got.readUInt16BE(whole + 2 + 6)).toBe(300);
});

test("who asks over TCP and does not read is not answered on, and gets the rest when it reads", async () => {
  const crowd = Array.from({ length: 4000 }, (_, index) => ({
    id: `i-${index}`,
    host: `10.1.${index >> 8}.${index & 0xff}`,
  }));
  const { port, server } = await startDns(crowd);
  const sent = question("cache.weftkit", 1);
  const asked = 400;
  const socket = connect(port, "127.0.0.1");
  socket.write(
    Buffer.concat(Array.from({ length: asked }, () => [Buffer.from([0, sent.length]), sent]).flat()),
  );
  await once(socket, "readable");
  // What the kernel holds is written, and little more.
  expect(server.answers.get("NOERROR")).toBeLessThan(300);
  let left = asked * (2 + 12 + 15 + 4 + 4000 * 16);
  for await (const piece of socket) {
    left -= (piece as Buffer).length;
    if (left <= 0) break;
  }
  expect(left).toBe(0);
});

test("what is no question of this server is answered with the right error, or not at all", async () => {
  const { port } = await startDns(instances);
  const rcodeOf = (answer: Buffer) => answer[3]! & 0xf;
  const updated = question("cache.weftkit", 1, { flags: 5 << 11 });
  expect(rcodeOf(await overUdp(port, updated))).toBe(4);
  expect(rcodeOf(await overUdp(port, question("cache.weftkit", 252)))).toBe(5);
  const cut = question("cache.weftkit", 1).subarray(0, 20);
  expect(rcodeOf(await overUdp(port, cut))).toBe(1);
  const badVersion = question("cache.weftkit", 1, { edns: 1232 });
  badVersion[badVersion.length - 5] = 1;
  const answer = await overUdp(port, badVersion);
  // BADVERS is 16: its upper bits are in the OPT record, which is last.
  expect([rcodeOf(answer), answer[answer.length - 6]]).toEqual([0, 1]);
  const spelled = question("CaChE.weftKIT", 1);
  expect((await overUdp(port, spelled)).subarray(12, 27).toString()).toBe(
    spelled.subarray(12, 27).toString(),
  );
  expect(readQuery(question("a.weftkit", 1, { flags: 0x8000 }))).toEqual({ reason: "not_a_query" });
  expect(readQuery(Buffer.alloc(5))).toEqual({ reason: "not_a_query" });
});

test(`no bytes do any harm, and answers stay in their bounds (seed ${seed})`, async () => {
  const random = randomIntegers(seed);
  const { zone } = await startDns([...instances, ...many]);
  const names = [
    "cache.weftkit",
    "_resp._tcp.cache.weftkit",
    "with.dots.eu.west.weftkit",
    "weftkit",
    "x.y.z",
  ];
  for (let i = 0; i < 5000; i++) {
    const name = names[random(names.length)]!;
    const valid = question(name, [1, 28, 33, 6, 255][random(5)]!, { edns: random(2) * 1400 });
    const bytes = Buffer.from(random(4) === 0 ? valid.subarray(0, random(valid.length)) : valid);
    for (let flips = random(4); flips > 0 && bytes.length > 2; flips--)
      bytes[2 + random(bytes.length - 2)] = random(256);
    const query = readQuery(bytes);
    if ("reason" in query) continue;
    const bytesMax = [512, 1232, 65_535][random(3)]!;
    const answer = writeResponse(query, zone.answer(query, bytesMax / 16), bytesMax);
    expect(answer.length).toBeLessThanOrEqual(bytesMax);
    expect(answer.readUInt16BE(0)).toBe(0x1234);
  }
});
