import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** What may be shipped inside an image without asking anybody. */
const allowed = new Set([
  "MIT",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Python-2.0",
  "PSF-2.0",
]);

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** "MIT", "(MIT OR GPL-2.0)", "MIT AND ISC": one of the alternatives, or all of the parts. */
function isAllowed(licence: string): boolean {
  const plain = licence.replace(/[()]/g, "");
  return plain
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((part) => allowed.has(part.trim())));
}

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0)", true],
  ["MIT AND ISC", true],
  ["MIT AND GPL-3.0", false],
  ["SSPL-1.0", false],
  ["", false],
])("the licence %j may be shipped: %s", (licence, expected) => expect(isAllowed(licence)).toBe(expected));

test("everything that is shipped has a licence that lets us", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const shipped = Object.entries(lock.packages)
    .filter(([path, { dev, link }]) => path.includes("node_modules/") && !dev && !link)
    // What is optional and for another platform is not installed here; it has its main package's licence.
    .filter(([path, { optional }]) => !optional || existsSync(join(root, path)));
  expect(shipped.length).toBeGreaterThan(10);
  const refused = shipped.flatMap(([path]) => {
    const manifest = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) as {
      license?: string;
    };
    return isAllowed(manifest.license ?? "") ? [] : [`${path}: ${manifest.license ?? "none"}`];
  });
  expect(refused).toEqual([]);
});
