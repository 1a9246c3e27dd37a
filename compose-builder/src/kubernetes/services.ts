import { selectorOf, workloadLabels } from "./labels.ts";
import { headlessName } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { type NamedPort, podPorts } from "./ports.ts";
import type { Target } from "./target.ts";
import type { Workload } from "./workload.ts";

/**
 * What clients connect to. Instances of an engine have different data, so that each has a Service of its own that leads to its pod
 * and to no other; the pods of a Deployment are one another's stand-ins.
 */
export function clientService(
  target: Target,
  workload: Workload,
  instance: { readonly name: string; readonly ordinal: number | string },
): KubernetesObject {
  const { project, settings } = target;
  const selector = selectorOf(project, workload);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: instance.name,
      labels: workloadLabels(project, workload),
      ...settings.optional(
        [workload.name, "service", "annotations"],
        "annotations",
        {},
        "Annotations of its Service, as clouds' load balancers want them.",
      ),
    },
    spec: {
      type: settings.text(
        [workload.name, "service", "type"],
        "ClusterIP",
        "LoadBalancer for clients outside; think of TLS and of the network policy first.",
        ["ClusterIP", "NodePort", "LoadBalancer"],
      ),
      selector:
        workload.role === "front"
          ? selector
          : { ...selector, "statefulset.kubernetes.io/pod-name": `${workload.name}-${instance.ordinal}` },
      ports: podPorts(workload.service).map((port) => servicePort(port)),
    },
  };
}

/**
 * Names for the pods themselves, also while they are not ready: that is when one wants to see them. Its name for the admin port is
 * what Prometheus looks for, so that it finds each pod once.
 */
export function headlessService({ project }: Target, workload: Workload): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: headlessName(workload), labels: workloadLabels(project, workload) },
    spec: {
      type: "ClusterIP",
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: selectorOf(project, workload),
      ports: podPorts(workload.service).map((port) =>
        servicePort(port, port.name === "admin" ? metricsPort : port.name),
      ),
    },
  };
}

/** The admin port's name where Prometheus looks for it. */
export const metricsPort = "metrics";

function servicePort({ name, port, appProtocol }: NamedPort, as = name) {
  return { name: as, port, targetPort: name, protocol: "TCP", appProtocol };
}
