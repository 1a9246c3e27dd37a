import { createHash, createHmac, getHashes, randomBytes, randomUUID } from "node:crypto";
import { PgError } from "../errors.ts";
import { formatUuid } from "../types/texts.ts";
import { define } from "./registry.ts";

/** The functions of the extensions uuid-ossp and pgcrypto (PostgreSQL's documentation, F.45 and F.26). */

const namespaces: Readonly<Record<string, string>> = {
  uuid_nil: "00000000-0000-0000-0000-000000000000",
  uuid_ns_dns: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  uuid_ns_url: "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
  uuid_ns_oid: "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
  uuid_ns_x500: "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
};
for (const [name, value] of Object.entries(namespaces)) define(name, () => value);

function withVersion(bytes: Buffer, version: number): string {
  const copy = Buffer.from(bytes.subarray(0, 16));
  copy[6] = (copy[6]! & 0x0f) | (version << 4);
  copy[8] = (copy[8]! & 0x3f) | 0x80;
  return formatUuid(copy.toString("hex"));
}

define("uuid_generate_v4", () => randomUUID());
for (const [name, algorithm, version] of [
  ["uuid_generate_v3", "md5", 3],
  ["uuid_generate_v5", "sha1", 5],
] as const) {
  define(name, (namespace: string, text: string) => {
    const hash = createHash(algorithm)
      .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
      .update(text);
    return withVersion(hash.digest(), version);
  });
}

/** Time in 100 ns since 1582, as RFC 9562 has it; a random node with the multicast bit, as there is no address to tell. */
const gregorianOffset = 0x01b21dd213814000n;
const node = randomBytes(6);
node[0]! |= 1;
const clock = randomBytes(2).readUInt16BE() & 0x3fff;
let lastTime = 0n;
define("uuid_generate_v1 uuid_generate_v1mc", () => {
  let time = BigInt(Math.round((performance.timeOrigin + performance.now()) * 10_000)) + gregorianOffset;
  if (time <= lastTime) time = lastTime + 1n;
  lastTime = time;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(Number(time & 0xffff_ffffn), 0);
  bytes.writeUInt16BE(Number((time >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(Number((time >> 48n) & 0x0fffn), 6);
  bytes.writeUInt16BE(clock, 8);
  node.copy(bytes, 10);
  return withVersion(bytes, 1);
});

/** @throws PgError 22023 */
function algorithmOf(name: string): string {
  const algorithm = name.toLowerCase();
  if (!getHashes().includes(algorithm))
    throw new PgError("22023", `Cannot use "${name}": No such hash algorithm`);
  return algorithm;
}
const bytesOf = (value: string | Uint8Array) => (typeof value === "string" ? Buffer.from(value) : value);
define("pgcrypto_digest", (data: string | Uint8Array, algorithm: string) =>
  createHash(algorithmOf(algorithm)).update(bytesOf(data)).digest(),
);
define("pgcrypto_hmac", (data: string | Uint8Array, key: string | Uint8Array, algorithm: string) =>
  createHmac(algorithmOf(algorithm), bytesOf(key)).update(bytesOf(data)).digest(),
);
define("pgcrypto_gen_random_bytes", (count: number) => {
  if (count < 1 || count > 1024) throw new PgError("39000", "Length not in range");
  return randomBytes(count);
});
