import type { ProgramName } from "./config.ts";
import { type Draft, type Environment, keyOf, ranks, sectionNames } from "./draft.ts";
import { didYouMean } from "./mistake.ts";
import { type Reading, readText } from "./read-value.ts";
import { type SectionName, schema } from "./schema.ts";
import { readSecretFile } from "./secret-file.ts";

/** What a variable sets. Two only for WEFTKIT_BIND, which means the server and the image's own engine. */
type Target = readonly { readonly section: SectionName; readonly key: string }[];

/** Names that are none of ours to judge: the test suites' own, and the file's path, which is read before. */
const ignoredPrefix = "WEFTKIT_TEST_";
export const fileVariable = "WEFTKIT_CONFIG";

/**
 * Kubernetes describes a Service named "weftkit-inmemory" to every pod in variables such as
 * WEFTKIT_INMEMORY_SERVICE_HOST and WEFTKIT_INMEMORY_PORT=tcp://10.0.0.1:6379, which are not meant for us.
 */
const serviceLinkName = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const serviceLinkValue = /^(tcp|udp|sctp):\/\//;

/** Every variable that is read, by name; `image` decides what the names without a section mean. */
export function knownVariables(image: ProgramName | undefined): ReadonlyMap<string, Target> {
  const variables = new Map<string, Target>();
  for (const section of sectionNames) {
    for (const [key, { variables: shortNames = [] }] of Object.entries(schema[section].keys)) {
      for (const name of [longName(section, key), ...shortNames]) variables.set(name, [{ section, key }]);
    }
  }
  if (image !== undefined) {
    variables.set("WEFTKIT_PORT", [{ section: image, key: "port" }]);
    variables.set("WEFTKIT_BIND", [
      { section: "server", key: "bind" },
      { section: image, key: "bind" },
    ]);
  }
  return variables;
}

/** The variable that every key has: WEFTKIT_<SECTION>_<KEY>. */
export function longName(section: SectionName, key: string): string {
  return `WEFTKIT_${section}_${key}`.toUpperCase();
}

/** Reads every WEFTKIT_ variable into the draft. An empty variable counts as not set, as compose files leave them. */
export function readVariables(draft: Draft, env: Environment, image: ProgramName | undefined): void {
  const known = knownVariables(image);
  const setBy = new Map<string, string>();
  for (const [name, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (text === undefined || text === "" || !isOurs(name, text)) continue;
    const secretOwner = name.endsWith("_FILE") ? known.get(name.slice(0, -"_FILE".length)) : undefined;
    const holdsSecret = secretOwner?.every(({ section, key }) => keyOf(section, key)?.kind === "secret");
    const target = known.get(name) ?? (holdsSecret ? secretOwner : undefined);
    if (target === undefined) {
      const needsImage =
        name === "WEFTKIT_PORT" ? " without [standalone] module or an image to apply it to" : "";
      draft.fault(name, `unknown variable${needsImage || didYouMean(name, known.keys())}`);
      continue;
    }
    for (const { section, key } of target) {
      const other = setBy.get(`${section}.${key}`);
      const reading: Reading =
        other !== undefined
          ? { problem: `${other} sets ${section}.${key} too; keep one of them` }
          : known.has(name)
            ? readText(keyOf(section, key)!, text)
            : readSecretFile(text);
      setBy.set(`${section}.${key}`, name);
      if ("value" in reading)
        draft.set(section, key, { value: reading.value, where: name, rank: ranks.variable });
      else if (target[0]?.section === section) draft.fault(name, reading.problem);
    }
  }
}

function isOurs(name: string, value: string): boolean {
  if (!name.startsWith("WEFTKIT_") || name.startsWith(ignoredPrefix) || name === fileVariable) return false;
  return !(serviceLinkName.test(name) || (name.endsWith("_PORT") && serviceLinkValue.test(value)));
}
