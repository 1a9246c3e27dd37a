import { projectLabels } from "./labels.ts";
import { serviceAccountName } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { metricsPort } from "./services.ts";

/** A namespace in which nothing may run that is less hardened. */
export function namespace(project: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: project,
      labels: { ...projectLabels(project), "pod-security.kubernetes.io/enforce": "restricted" },
    },
  };
}

/** An identity of their own that may nothing: no service asks the cluster for anything. */
export function serviceAccount(project: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: serviceAccountName(project), labels: projectLabels(project) },
    automountServiceAccountToken: false,
  };
}

/** Whether Prometheus reads the metrics. */
export const monitorSwitch = ["serviceMonitor", "enabled"] as const;
export const monitorDoc = "Whether a Prometheus operator is told where metrics are, and its pods are let in.";

/** Tells the Prometheus operator where metrics are. */
export function serviceMonitor(project: string): KubernetesObject {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: project, labels: projectLabels(project) },
    spec: {
      selector: { matchLabels: projectLabels(project) },
      endpoints: [{ port: metricsPort, path: "/metrics", interval: "30s" }],
    },
  };
}
