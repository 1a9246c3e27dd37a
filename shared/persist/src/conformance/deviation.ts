/** What an endpoint did instead. */
export class Deviation extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Deviation";
  }
}

/** @throws Deviation unless `holds` */
export function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Deviation(otherwise);
}

/** @throws Deviation unless both are the same JSON */
export function requireEqual(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  require(is === should, `${what} is ${is?.slice(0, 300)}, not ${should?.slice(0, 300)}`);
}
