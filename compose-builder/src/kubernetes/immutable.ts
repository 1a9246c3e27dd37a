import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import type { GeneratedFile } from "../files/generated.ts";
import { Failure } from "../terminal/failure.ts";

/** What Kubernetes refuses to change in a StatefulSet that is there, and `kubectl apply` then fails on. */
const immutable = ["volumeClaimTemplates", "serviceName", "podManagementPolicy", "selector"] as const;

/**
 * Compares what would be written with what is there.
 *
 * @throws Failure when a cluster would refuse the difference
 */
export function refuseImmutableChanges(out: string, files: readonly GeneratedFile[]): void {
  for (const { path, content } of files) {
    const present = join(out, path);
    if (!path.startsWith("base/") || !path.endsWith(".yaml") || !existsSync(present)) continue;
    const before = statefulSets(readFileSync(present, "utf8"));
    for (const [name, spec] of statefulSets(content)) {
      const old = before.get(name);
      if (old === undefined) continue;
      const field = immutable.find((one) => !isDeepStrictEqual(old[one], spec[one]));
      if (field === undefined) continue;
      throw new Failure(
        "edited",
        `${path}: Kubernetes does not change ${field} of a StatefulSet that is there`,
        `Nothing was written. Give the flags that it was written with; or, to change it all the same: kubectl delete statefulset ${name} --cascade=orphan leaves pods and volumes, --force writes, kubectl apply puts the new one over them. Volumes that are there keep their size until their claims are changed.`,
      );
    }
  }
}

type Spec = Readonly<Record<string, unknown>>;

function statefulSets(text: string): ReadonlyMap<string, Spec> {
  const objects = parseAllDocuments(text).map(
    (document) => document.toJS() as Record<string, unknown> | null,
  );
  return new Map(
    objects
      .filter((object) => object?.kind === "StatefulSet")
      .map((object) => [(object!.metadata as { name: string }).name, object!.spec as Spec]),
  );
}
