import type { AttributeValue, Item } from "../src/items/attribute-value.ts";
import { numberText, numberUnits, order, same } from "./naive-values.ts";
import type { Placeholders } from "./random-conditions.ts";
import { attributeNames, type RandomInteger, randomNumber, randomScalar } from "./random-values.ts";

/** An update as text, and as what it makes of an item; undefined when the item does not allow it. */
export interface RandomUpdate {
  readonly text: string;
  readonly apply: (item: Item) => Item | undefined;
}

export function randomUpdate(random: RandomInteger, placeholders: Placeholders): RandomUpdate {
  const names = [...attributeNames].sort(() => random(2) - 1);
  const [a, b, c, d] = names as [string, string, string, string];
  const set: string[] = [];
  const other: string[] = [];
  const steps: ((before: Item, after: Item) => boolean)[] = [];
  const given = (value: AttributeValue) => placeholders.value(value);
  const value = randomScalar(random);
  set.push(`${placeholders.name(a)} = ${given(value)}`);
  steps.push((_, after) => {
    after[a] = value;
    return true;
  });
  switch (Math.floor(random(4))) {
    case 0: {
      const amount = randomNumber(random);
      const isMinus = random(2) < 1;
      set.push(
        `${placeholders.name(b)} = ${placeholders.name(b)} ${isMinus ? "-" : "+"} ${given({ N: amount })}`,
      );
      steps.push((before, after) => {
        const left = before[b]?.N;
        if (left === undefined) return false;
        const units = numberUnits(left) + (isMinus ? -1n : 1n) * numberUnits(amount);
        const text = numberText(units);
        if (text.replace(/^-?0*\.?0*|\.|-/g, "").replace(/0+$/, "").length > 38) return false;
        after[b] = { N: text };
        return true;
      });
      break;
    }
    case 1: {
      const fallback = randomScalar(random);
      set.push(`${placeholders.name(b)} = if_not_exists(${placeholders.name(b)}, ${given(fallback)})`);
      steps.push((before, after) => {
        after[b] = before[b] ?? fallback;
        return true;
      });
      break;
    }
    case 2: {
      const tail: AttributeValue = { L: [randomScalar(random)] };
      const empty: AttributeValue = { L: [] };
      const name = placeholders.name(b);
      set.push(`${name} = list_append(if_not_exists(${name}, ${given(empty)}), ${given(tail)})`);
      steps.push((before, after) => {
        const list = before[b] === undefined ? [] : before[b].L;
        if (list === undefined) return false;
        after[b] = { L: [...list, ...tail.L!] };
        return true;
      });
      break;
    }
    default:
  }
  switch (Math.floor(random(4))) {
    case 0:
      other.push(`REMOVE ${placeholders.name(c)}`);
      steps.push((_, after) => {
        delete after[c];
        return true;
      });
      break;
    case 1: {
      const amount = randomNumber(random);
      other.push(`ADD ${placeholders.name(c)} ${given({ N: amount })}`);
      steps.push((before, after) => {
        if (before[c] !== undefined && before[c].N === undefined) return false;
        const text = numberText(numberUnits(before[c]?.N ?? "0") + numberUnits(amount));
        if (text.replace(/^-?0*\.?0*|\.|-/g, "").replace(/0+$/, "").length > 38) return false;
        after[c] = { N: text };
        return true;
      });
      break;
    }
    case 2: {
      const added = ["a", "x"];
      other.push(`ADD ${placeholders.name(c)} ${given({ SS: added })}`);
      steps.push((before, after) => {
        if (before[c] !== undefined && before[c].SS === undefined) return false;
        after[c] = { SS: [...new Set([...(before[c]?.SS ?? []), ...added])] };
        return true;
      });
      break;
    }
    default: {
      const removed = ["a", "b"];
      other.push(`DELETE ${placeholders.name(d)} ${given({ SS: removed })}`);
      steps.push((before, after) => {
        const existing = before[d];
        if (existing === undefined) return true;
        if (existing.SS === undefined) return false;
        const rest = existing.SS.filter((member) => !removed.includes(member));
        if (rest.length === 0) delete after[d];
        else after[d] = { SS: rest };
        return true;
      });
    }
  }
  return {
    text: `SET ${set.join(", ")} ${other.join(" ")}`,
    apply: (item) => {
      const after = { ...item };
      return steps.every((step) => step(item, after)) ? after : undefined;
    },
  };
}

/** The table of the model: a partition key of text, a sort key of numbers, and attributes that indexes have as keys. */
export class ModelTable {
  readonly items = new Map<string, Item>();

  keyOf({ pk, sk }: Item): string {
    return `${pk!.S}/${numberText(numberUnits(sk!.N!))}`;
  }

  get(key: Item): Item | undefined {
    return this.items.get(this.keyOf(key));
  }

  put(item: Item): void {
    this.items.set(this.keyOf(item), item);
  }

  delete(key: Item): void {
    this.items.delete(this.keyOf(key));
  }

  /** Items in order of an attribute, those that have it in the type of a key. */
  query(partition: string, value: AttributeValue, sort: string): readonly Item[] {
    return [...this.items.values()]
      .filter(
        (item) => item[partition] !== undefined && same(item[partition], value) && item[sort] !== undefined,
      )
      .sort((a, b) => order(a[sort]!, b[sort]!) ?? 0);
  }
}
