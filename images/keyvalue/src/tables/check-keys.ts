import { invalidParameter, validation } from "../errors.ts";
import type { PathPart } from "../expressions/ast.ts";
import { type AttributeValue, attributeOf, type Item, typeOf } from "../items/attribute-value.ts";
import { valueSize } from "../items/item-size.ts";
import type { Index, Key, KeyAttribute, Table } from "./table.ts";

const partitionBytesMax = 2048;
const sortBytesMax = 1024;

/** Checks that an item can be put into a table: its keys, and those of the indexes that it will be in. */
export function checkItemKeys(table: Table, item: Item): void {
  for (const attribute of table.key.all) {
    const value = attributeOf(item, attribute.name);
    if (value === undefined) throw invalidParameter(`Missing the key ${attribute.name} in the item`);
    if (typeOf(value) !== attribute.type) {
      throw invalidParameter(
        `Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
      );
    }
    requireNotEmpty(attribute, value);
  }
  requireSizes(table.key, item);
  for (const index of table.indexes) checkIndexKeys(index, item);
}

/** Checks the attributes of an item that are keys of an index. */
export function checkIndexKeys(index: Index, item: Item, changed?: ReadonlySet<string>): void {
  for (const { name, type } of index.key.all) {
    if (changed !== undefined && !changed.has(name)) continue;
    const value = attributeOf(item, name);
    if (value === undefined) continue;
    if (typeOf(value) !== type) {
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
      );
    }
    if (isEmpty(value)) {
      throw validation(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${value.S === "" ? "string" : "binary"} value. IndexName: ${index.name}, IndexKey: ${name}`,
      );
    }
    const isPartition = index.key.partition.some((attribute) => attribute.name === name);
    const max = isPartition ? partitionBytesMax : sortBytesMax;
    if (valueSize(value) > max) {
      throw invalidParameter(
        `Size of ${isPartition ? "hashkey" : "rangekey"} has exceeded the maximum size limit of ${max} bytes, IndexName: ${index.name}, IndexKey: ${name}`,
      );
    }
  }
}

/** Checks that a request's key is one of the table's, with nothing else in it. */
export function checkKey(table: Table, key: Item): void {
  if (Object.keys(key).length !== table.key.all.length) throw wrongKey();
  for (const attribute of table.key.all) {
    const value = attributeOf(key, attribute.name);
    if (value === undefined || typeOf(value) !== attribute.type) throw wrongKey();
    requireNotEmpty(attribute, value);
  }
  requireSizes(table.key, key);
}

function wrongKey() {
  return validation("The provided key element does not match the schema");
}

export function requireNotEmpty({ name }: KeyAttribute, value: AttributeValue): void {
  if (isEmpty(value)) {
    throw validation(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${value.S === "" ? "string" : "binary"} value. Key: ${name}`,
    );
  }
}

function isEmpty({ S, B }: AttributeValue): boolean {
  return S === "" || B === "";
}

/** The texts have a space too few and one too many in AWS's own words. */
function requireSizes({ partition, sort }: Key, item: Item): void {
  for (const { name } of partition) {
    if (isLong(item[name]!, partitionBytesMax))
      throw invalidParameter(
        `Size of hashkey has exceeded the maximum size limit of${partitionBytesMax} bytes`,
      );
  }
  for (const { name } of sort) {
    if (isLong(item[name]!, sortBytesMax)) {
      throw invalidParameter(
        `Aggregated size of all range keys has exceeded the size limit of ${sortBytesMax} bytes`,
      );
    }
  }
}

function isLong(value: AttributeValue, max: number): boolean {
  // Numbers are never long, and a short text needs no counting.
  if (value.S !== undefined && value.S.length * 3 <= max) return false;
  return value.N === undefined && valueSize(value) > max;
}

/** Checks that an update leaves the key alone. */
export function checkUpdatedPaths(table: Table, paths: readonly (readonly PathPart[])[]): void {
  for (const { name } of table.key.all) {
    if (paths.some(([first]) => first === name))
      throw invalidParameter(`Cannot update attribute ${name}. This attribute is part of the key`);
  }
}

/** Keys have nothing inside: `key.member` cannot be meant. */
export function checkNestedPaths(table: Table, paths: Iterable<readonly PathPart[]>): void {
  const nested = new Set<PathPart>();
  for (const path of paths) if (path.length > 1) nested.add(path[0]!);
  if (nested.size === 0) return;
  const scalars =
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed";
  for (const { name } of table.key.all) if (nested.has(name)) throw validation(`${scalars}: Key: ${name}`);
  for (const index of table.indexes) {
    for (const { name } of index.key.all)
      if (nested.has(name)) throw validation(`${scalars}: IndexKey: ${name}`);
  }
}
