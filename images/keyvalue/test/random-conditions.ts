import type { AttributeValue, Item } from "../src/items/attribute-value.ts";
import { order, same } from "./naive-values.ts";
import {
  attributeNames,
  pick,
  type RandomInteger,
  randomScalar,
  randomText,
  randomValue,
} from "./random-values.ts";

/** A condition as text, and as what it means. */
export interface RandomCondition {
  readonly text: string;
  readonly holds: (item: Item) => boolean;
}

/** Gives names to the values of a request. */
export class Placeholders {
  readonly values: Record<string, AttributeValue> = {};
  readonly names: Record<string, string> = {};

  value(value: AttributeValue): string {
    const name = `:v${Object.keys(this.values).length}`;
    this.values[name] = value;
    return name;
  }

  name(name: string): string {
    this.names[`#${name}`] = name;
    return `#${name}`;
  }
}

interface Path {
  readonly text: string;
  readonly of: (item: Item) => AttributeValue | undefined;
}

export function randomPath(random: RandomInteger, placeholders: Placeholders): Path {
  const name = pick(random, attributeNames);
  // All but two are reserved words.
  const isPlain = (name === "n" || name === "tags") && random(2) < 1;
  const text = isPlain ? name : placeholders.name(name);
  switch (Math.floor(random(6))) {
    case 0: {
      const index = Math.floor(random(3));
      return { text: `${text}[${index}]`, of: (item) => item[name]?.L?.[index] };
    }
    case 1: {
      const inner = pick(random, attributeNames);
      return { text: `${text}.${placeholders.name(inner)}`, of: (item) => item[name]?.M?.[inner] };
    }
    default:
      return { text, of: (item) => item[name] };
  }
}

export function randomCondition(
  random: RandomInteger,
  placeholders: Placeholders,
  depth = 2,
): RandomCondition {
  if (depth > 0 && random(3) < 1) {
    const left = randomCondition(random, placeholders, depth - 1);
    if (random(3) < 1) return { text: `NOT (${left.text})`, holds: (item) => !left.holds(item) };
    const right = randomCondition(random, placeholders, depth - 1);
    return random(2) < 1
      ? { text: `(${left.text}) AND (${right.text})`, holds: (item) => left.holds(item) && right.holds(item) }
      : { text: `(${left.text}) OR (${right.text})`, holds: (item) => left.holds(item) || right.holds(item) };
  }
  return randomTerm(random, placeholders);
}

function randomTerm(random: RandomInteger, placeholders: Placeholders): RandomCondition {
  const path = randomPath(random, placeholders);
  const given = (value: AttributeValue) => placeholders.value(value);
  switch (Math.floor(random(9))) {
    case 0:
      return { text: `attribute_exists(${path.text})`, holds: (item) => path.of(item) !== undefined };
    case 1:
      return { text: `attribute_not_exists(${path.text})`, holds: (item) => path.of(item) === undefined };
    case 2: {
      const type = pick(random, ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]);
      return {
        text: `attribute_type(${path.text}, ${given({ S: type })})`,
        holds: (item) => Object.keys(path.of(item) ?? {})[0] === type,
      };
    }
    case 3: {
      const prefix = randomText(random);
      return {
        text: `begins_with(${path.text}, ${given({ S: prefix })})`,
        holds: (item) => path.of(item)?.S?.startsWith(prefix) === true,
      };
    }
    case 4: {
      const part = randomScalar(random);
      return {
        text: `contains(${path.text}, ${given(part)})`,
        holds: (item) => holdsPart(path.of(item), part),
      };
    }
    case 5: {
      const size = Math.floor(random(4));
      return {
        text: `size(${path.text}) >= ${given({ N: String(size) })}`,
        holds: (item) => (sizeOf(path.of(item)) ?? -1) >= size,
      };
    }
    case 6: {
      const list = [randomValue(random, 1), randomScalar(random)];
      return {
        text: `${path.text} IN (${list.map(given).join(", ")})`,
        holds: (item) => list.some((each) => path.of(item) !== undefined && same(path.of(item)!, each)),
      };
    }
    case 7: {
      const [low, high] = [{ N: "-1" }, { N: "10" }];
      return {
        text: `${path.text} BETWEEN ${given(low)} AND ${given(high)}`,
        holds: (item) => {
          const value = path.of(item);
          return value !== undefined && order(value, low)! >= 0 && order(value, high)! <= 0;
        },
      };
    }
    default:
      return randomComparison(random, path, given);
  }
}

function randomComparison(
  random: RandomInteger,
  path: Path,
  given: (value: AttributeValue) => string,
): RandomCondition {
  const comparator = pick(random, ["=", "<>", "<", "<=", ">", ">="]);
  // An order is only for texts, numbers and bytes.
  const value =
    comparator === "=" || comparator === "<>"
      ? randomValue(random, 1)
      : pick(random, [{ S: randomText(random) }, { N: "2" }, { B: "AAE=" }]);
  const holds = (item: Item): boolean => {
    const found = path.of(item);
    if (comparator === "<>") return found === undefined || !same(found, value);
    if (found === undefined) return false;
    if (comparator === "=") return same(found, value);
    const difference = order(found, value);
    if (difference === undefined) return false;
    switch (comparator) {
      case "<":
        return difference < 0;
      case "<=":
        return difference <= 0;
      case ">":
        return difference > 0;
      default:
        return difference >= 0;
    }
  };
  return { text: `${path.text} ${comparator} ${given(value)}`, holds };
}

function holdsPart(whole: AttributeValue | undefined, part: AttributeValue): boolean {
  if (whole === undefined) return false;
  if (whole.S !== undefined) return part.S !== undefined && whole.S.includes(part.S);
  if (whole.B !== undefined) {
    return part.B !== undefined && Buffer.from(whole.B, "base64").includes(Buffer.from(part.B, "base64"));
  }
  if (whole.L !== undefined) return whole.L.some((member) => same(member, part));
  if (whole.SS !== undefined) return part.S !== undefined && whole.SS.includes(part.S);
  if (whole.NS !== undefined) return whole.NS.some((member) => same({ N: member }, part));
  if (whole.BS !== undefined) return part.B !== undefined && whole.BS.includes(part.B);
  return false;
}

function sizeOf(value: AttributeValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return Buffer.from(value.B, "base64").length;
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (value.L ?? value.SS ?? value.NS ?? value.BS)?.length;
}
