/** A value as it stands in requests and answers: exactly one of the members is set. */
export interface AttributeValue {
  S?: string;
  /** In normal form once it was validated: no exponent, no needless zeros. */
  N?: string;
  /** Base64. */
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: AttributeValue[];
  M?: Item;
}

/** Attributes by name. A name can be any text, also "constructor" or "__proto__": see `attributeOf`, `setAttribute`. */
export type Item = Record<string, AttributeValue>;

export type AttributeType = keyof AttributeValue;

/** In the order in which a value's type is looked for. */
export const attributeTypes: readonly AttributeType[] = [
  "S",
  "N",
  "B",
  "BOOL",
  "NULL",
  "M",
  "L",
  "SS",
  "NS",
  "BS",
];

/** The type of a valid value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new TypeError("an attribute value has no type");
}

/** The attribute of this name; never a member of JavaScript's own. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

export function setAttribute(item: Item, name: string, value: AttributeValue): void {
  if (name === "__proto__") {
    Object.defineProperty(item, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    item[name] = value;
  }
}
