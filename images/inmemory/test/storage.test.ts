import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { ByteMap } from "../src/storage/byte-map.ts";
import { Keyspace, NO_EXPIRY } from "../src/storage/keyspace.ts";
import { Packed } from "../src/storage/packed.ts";
import { Slab } from "../src/storage/slab.ts";

test("blocks of all sizes keep their bytes, and freeing all of them leaves nothing used", () => {
  const random = randomIntegers(1);
  const slab = new Slab();
  const live: { address: number; size: number; tag: number }[] = [];
  const check = (block: { address: number; size: number; tag: number }) => {
    const bytes = slab.bytes[block.address >>> 17]!;
    const start = (block.address & 0x1ffff) << 3;
    expect(bytes[start]).toBe(block.tag);
    expect(bytes[start + block.size - 1]).toBe(block.tag);
  };
  for (let i = 0; i < 30_000; i++) {
    if (live.length > 0 && random(100) < 45) {
      const [block] = live.splice(random(live.length), 1);
      check(block!);
      slab.free(block!.address, block!.size);
    } else {
      const size = 1 + random(random(50) === 0 ? 300_000 : 500);
      const address = slab.allocate(size);
      const tag = random(256);
      const start = (address & 0x1ffff) << 3;
      slab.bytes[address >>> 17]!.fill(tag, start, start + size);
      live.push({ address, size, tag });
    }
  }
  for (const block of live) {
    check(block);
    slab.free(block.address, block.size);
  }
  expect(slab.usedBytes).toBe(0);
  for (let i = 0; i < 100; i++) slab.giveBack();
  expect(slab.residentBytes).toBeLessThan(12 << 20);
});

test("a byte map agrees with a Map under random sets and deletes, and scans see all that stays", () => {
  const random = randomIntegers(2);
  const map = new ByteMap(new Slab());
  const model = new Map<string, string>();
  for (let i = 0; i < 20_000; i++) {
    const key = Buffer.from(`key-${random(3000)}`);
    if (random(3) > 0) {
      const value = Buffer.from("v".repeat(random(90)) + i);
      map.set(key, 0, key.length, value, 0, value.length);
      model.set(key.toString(), value.toString());
    } else expect(map.delete(key, 0, key.length)).toBe(model.delete(key.toString()));
    expect(map.size).toBe(model.size);
  }
  const seen = new Map<string, string>();
  map.visitAll((entry) => {
    const bytes = map.bytesOf(entry);
    const key = bytes.toString("latin1", map.keyOffset(entry), map.keyOffset(entry) + map.keyLength(entry));
    const at = map.valueOffset(entry);
    seen.set(key, bytes.toString("latin1", at, at + map.valueLength(entry)));
    return true;
  });
  expect(seen).toEqual(model);

  const scanned = new Set<string>();
  let cursor = 0;
  let grown = 0;
  do {
    cursor = map.scan(cursor, (entry) => {
      const at = map.keyOffset(entry);
      scanned.add(map.bytesOf(entry).toString("latin1", at, at + map.keyLength(entry)));
    });
    for (let i = 0; i < 20; i++) {
      const key = Buffer.from(`new-${grown++}`);
      if (grown < 30_000) map.set(key, 0, key.length, key, 0, 0);
    }
  } while (cursor !== 0);
  for (const key of model.keys()) expect(scanned.has(key)).toBe(true);
  map.clear();
  expect(map.slab.usedBytes).toBe(0);
});

test("a packed block agrees with an array under random edits, walked from both ends", () => {
  const random = randomIntegers(3);
  const packed = new Packed(new Slab()).create();
  const model: string[] = [];
  for (let i = 0; i < 5000; i++) {
    const text = Buffer.from(String(i).repeat(random(10) === 0 ? 80 : 1 + random(3)));
    const action = random(5);
    if (model.length === 0 || action < 2) {
      const at = random(model.length + 1);
      packed.insert(at === model.length ? packed.end : packed.seek(at), text, 0, text.length);
      model.splice(at, 0, text.toString());
    } else if (action === 2) {
      const at = random(model.length);
      packed.replace(packed.seek(at), text, 0, text.length);
      model[at] = text.toString();
    } else {
      const at = random(model.length);
      const count = Math.min(1 + random(3), model.length - at);
      packed.remove(packed.seek(at), count);
      model.splice(at, count);
    }
    expect(packed.count).toBe(model.length);
  }
  packed.open(packed.address);
  const read = (position: number) => {
    const at = packed.dataAt(position);
    return packed.buffer.toString("latin1", at, at + packed.lengthAt(position));
  };
  const forward: string[] = [];
  for (let position = packed.first; position < packed.end; position = packed.next(position))
    forward.push(read(position));
  const backward: string[] = [];
  for (let position = packed.end; position > packed.first; ) {
    position = packed.previous(position);
    backward.push(read(position));
  }
  expect(forward).toEqual(model);
  expect(backward.reverse()).toEqual(model);
});

test("a keyspace agrees with a Map under random strings, expiries and deletes", () => {
  const random = randomIntegers(4);
  const slab = new Slab();
  const keyspace = new Keyspace(slab, 0);
  const model = new Map<string, { value: string; expiry: number }>();
  for (let i = 0; i < 40_000; i++) {
    const name = `key-${random(4000)}`;
    const key = Buffer.from(name);
    const entry = keyspace.find(key, 0, key.length);
    const expected = model.get(name);
    expect(entry !== 0).toBe(expected !== undefined);
    if (entry !== 0) expect(keyspace.expiryOf(entry)).toBe(expected!.expiry);
    const action = random(6);
    if (action < 3) {
      const value = Buffer.from(String(i).repeat(1 + random(30)));
      const keep = random(2) === 0;
      keyspace.setString(key, 0, key.length, value, 0, value.length, keep);
      model.set(name, {
        value: value.toString(),
        expiry: keep ? (expected?.expiry ?? NO_EXPIRY) : NO_EXPIRY,
      });
    } else if (entry === 0) continue;
    else if (action === 3) {
      const expiry = 1_700_000_000_000 + i;
      keyspace.setExpiry(entry, expiry);
      expected!.expiry = expiry;
    } else if (action === 4) {
      keyspace.clearExpiry(entry);
      expected!.expiry = NO_EXPIRY;
    } else {
      keyspace.delete(entry);
      model.delete(name);
    }
  }
  expect(keyspace.size).toBe(model.size);
  expect(keyspace.expiringCount).toBe(
    [...model.values()].filter(({ expiry }) => expiry !== NO_EXPIRY).length,
  );
  for (const [name, { value }] of model) {
    const key = Buffer.from(name);
    const entry = keyspace.find(key, 0, key.length);
    const at = keyspace.stringOffset(entry);
    expect(keyspace.bytesOf(entry).toString("latin1", at, at + keyspace.stringLength(entry))).toBe(value);
  }
  keyspace.clear();
  expect(slab.usedBytes).toBe(0);
  expect(keyspace.expiringCount).toBe(0);
});
