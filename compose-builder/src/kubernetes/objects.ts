import type { Deployment } from "../deployment/model.ts";
import { controller, disruptionBudget } from "./controllers.ts";
import { networkPolicy } from "./network-policy.ts";
import type { KubernetesObject } from "./object.ts";
import { adminPortOf } from "./ports.ts";
import { clientService, headlessService } from "./services.ts";
import type { Target } from "./target.ts";
import { type Workload, workloadsOf } from "./workload.ts";

/** A workload with all that belongs to it, but its ConfigMap and the project's Secret. */
export interface WorkloadObjects {
  readonly workload: Workload;
  readonly controller: KubernetesObject;
  /** One for each instance; of a Deployment one for all. */
  readonly clientServices: readonly KubernetesObject[];
  readonly headless: KubernetesObject | undefined;
  readonly disruptionBudget: KubernetesObject;
  readonly networkPolicy: KubernetesObject;
}

/** The deployment as objects, a workload after the other. */
export function workloadObjects(deployment: Deployment, target: Target): readonly WorkloadObjects[] {
  const workloads = workloadsOf(deployment, target.choices);
  return workloads.map((workload) => ({
    workload,
    controller: controller(target, workload),
    clientServices: workload.instanceNames.map((name, ordinal) =>
      clientService(target, workload, { name, ordinal }),
    ),
    headless: hasHeadless(workload, target) ? headlessService(target, workload) : undefined,
    disruptionBudget: disruptionBudget(target, workload),
    networkPolicy: networkPolicy(target, deployment.persistence, workload, workloads),
  }));
}

/** A StatefulSet needs one for its pods' names, Prometheus to find the pods of a Deployment. */
function hasHeadless({ kind, service }: Workload, { choices: { monitoredFrom } }: Target): boolean {
  return kind === "StatefulSet" || (monitoredFrom !== undefined && adminPortOf(service) !== undefined);
}
