import { isIP } from "node:net";
import type { Persistence } from "../deployment/model.ts";
import { projectLabels, selectorOf, workloadLabels } from "./labels.ts";
import { type KubernetesObject, present } from "./object.ts";
import { adminPortOf, clientPorts, podPorts } from "./ports.ts";
import { monitorDoc, monitorSwitch } from "./project-objects.ts";
import type { Target } from "./target.ts";
import type { Workload } from "./workload.ts";

/** Names are asked for on 53; some clusters' servers have 5353 behind it, and policies see what is behind. */
const dns = {
  ports: [53, 5353].flatMap((port) => [
    { protocol: "UDP", port },
    { protocol: "TCP", port },
  ]),
};

/**
 * Who may talk to a workload's pods, and whom they may talk to: clients of the same namespace to the client ports, the project's own
 * pods and Prometheus to the admin port; out go names, and what the service needs.
 */
export function networkPolicy(
  target: Target,
  persistence: Persistence,
  workload: Workload,
  workloads: readonly Workload[],
): KubernetesObject {
  const { project } = target;
  const { service } = workload;
  const admin = adminPortOf(service);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: workload.name, labels: workloadLabels(project, workload) },
    spec: {
      podSelector: { matchLabels: selectorOf(project, workload) },
      policyTypes: ["Ingress", "Egress"],
      ingress: present<object>(
        {
          from: [{ podSelector: {} }],
          ports: clientPorts(service).map(({ port }) => ({ protocol: "TCP", port })),
        },
        admin === undefined
          ? undefined
          : { from: adminPeers(target), ports: [{ protocol: "TCP", port: admin.port }] },
      ),
      egress: egress(target, persistence, workload, workloads),
    },
  };
}

function adminPeers({ project, choices, settings }: Target): object[] {
  const { monitoredFrom } = choices;
  return [
    { podSelector: { matchLabels: projectLabels(project) } },
    ...settings.items(monitorSwitch, monitoredFrom !== undefined, monitorDoc, "on", [
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": monitoredFrom } } },
    ]),
  ];
}

/** Out of the pod: names; engines to what keeps their state and to discovery, what stands before engines to those. */
function egress(
  { project, settings }: Target,
  persistence: Persistence,
  workload: Workload,
  all: readonly Workload[],
): object[] {
  const towards = (other: Workload) => ({
    to: [{ podSelector: { matchLabels: selectorOf(project, other) } }],
    ports: podPorts(other.service).map(({ port }) => ({ protocol: "TCP", port })),
  });
  if (workload.role === "front") {
    const reached = all.filter(({ service }) => workload.service.dependsOn.includes(service.name));
    return [dns, ...reached.map(towards)];
  }
  if (workload.role === "store") return [dns];
  const discovery = all.filter(({ role, name }) => role === "front" && name === "discovery").map(towards);
  if (persistence.mode === "disabled") return [dns, ...discovery];
  const store = all.find(({ name }) => name === persistence.service);
  if (store !== undefined) return [dns, ...discovery, towards(store)];
  return settings.block(
    ["state", "egress"],
    [dns, ...discovery, outside(new URL(persistence.url))],
    "Where the network policy lets engines go: to ask for names, and to `url`.",
  );
}

/** A policy knows addresses only: what has a name may be anywhere. */
function outside({ hostname, port, protocol }: URL) {
  const address = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(address);
  return {
    ...(family !== 0 && { to: [{ ipBlock: { cidr: `${address}/${family === 4 ? 32 : 128}` } }] }),
    ports: [{ protocol: "TCP", port: Number(port) || (protocol === "https:" ? 443 : 80) }],
  };
}
