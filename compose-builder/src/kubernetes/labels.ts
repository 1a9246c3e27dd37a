import type { Labels } from "./object.ts";
import type { Workload } from "./workload.ts";

/** What every object of a project has. */
export function projectLabels(project: string): Labels {
  return { "app.kubernetes.io/instance": project, "app.kubernetes.io/part-of": "weftkit" };
}

/** What tells the pods of a workload from all others; a selector is for ever, so nothing that changes is in it. */
export function selectorOf(project: string, { name }: { readonly name: string }): Labels {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": project };
}

/** The labels of a workload, its pods and what belongs to them. */
export function workloadLabels(project: string, workload: Workload): Labels {
  return {
    ...selectorOf(project, workload),
    "app.kubernetes.io/component": workload.role,
    "app.kubernetes.io/part-of": "weftkit",
  };
}
