import { selectorOf, workloadLabels } from "./labels.ts";
import { headlessName } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { claimsDoc, claimsSwitch, dataVolume, podTemplate } from "./pod.ts";
import type { Target } from "./target.ts";
import type { PodState, Workload } from "./workload.ts";

/** What keeps the pods of a workload running. */
export function controller(target: Target, workload: Workload): KubernetesObject {
  const { project } = target;
  const metadata = { name: workload.name, labels: workloadLabels(project, workload) };
  const shared = {
    replicas: replicas(target, workload),
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorOf(project, workload) },
    template: podTemplate(target, workload),
  };
  return workload.kind === "StatefulSet"
    ? { apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec: statefulSet(target, workload, shared) }
    : {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: {
          ...shared,
          strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        },
      };
}

/** What keeps states is one process. */
function replicas({ settings }: Target, { name, role, replicas }: Workload): number {
  if (role === "store") return replicas;
  const doc =
    role === "engine" ? "Instances, each with data of its own." : "Pods, each the others' stand-in.";
  return settings.number([name, "replicas"], replicas, doc);
}

function statefulSet(target: Target, workload: Workload, shared: object) {
  const { state } = workload;
  return {
    ...shared,
    serviceName: headlessName(workload),
    // One that restores for long must not keep the others from starting.
    podManagementPolicy: "Parallel",
    updateStrategy: { type: "RollingUpdate" },
    ...(state.kind === "claim" && claims(target, state)),
    ...(state.kind === "choice" &&
      target.settings.fields(claimsSwitch, state.isClaimed, claimsDoc, claims(target, state))),
  };
}

/** Scaling down and up again finds the same volumes. */
function claims({ settings }: Target, { claim }: Exclude<PodState, { kind: "none" }>) {
  const { size, storageClass } = claim;
  const immutable = "Kubernetes does not change it for a StatefulSet that is there.";
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: dataVolume },
        spec: {
          accessModes: ["ReadWriteOnce"],
          ...settings.optional(
            ["state", "volumes", "storageClass"],
            "storageClassName",
            storageClass ?? "",
            `The volumes' class; the cluster's own by default. ${immutable}`,
          ),
          resources: {
            requests: {
              storage: settings.text(
                ["state", "volumes", "size"],
                size,
                `The size of each volume. ${immutable}`,
              ),
            },
          },
        },
      },
    ],
  };
}

/** One pod at a time may be taken away on purpose: also the only one, since otherwise its node could never be drained. */
export function disruptionBudget({ project }: Target, workload: Workload): KubernetesObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: workload.name, labels: workloadLabels(project, workload) },
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: selectorOf(project, workload) },
    },
  };
}
