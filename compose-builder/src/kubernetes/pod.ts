import type { Service } from "../deployment/model.ts";
import { selectorOf, workloadLabels } from "./labels.ts";
import { configName, secretName, serviceAccountName } from "./names.ts";
import { healthPortName, podPorts } from "./ports.ts";
import type { Target } from "./target.ts";
import type { Workload } from "./workload.ts";

/** The volume with the state, also the claim's name, which is a part of every volume's name. */
export const dataVolume = "data";
const secretsVolume = "secrets";
/** What a pod may write without a volume of its own; it is evicted above that, after it has pushed. */
const podStateMax = "10Gi";

/** While endpoints still lead new connections here, after the pod has been told to end. */
const drainSeconds = 5;

/** The template of a workload's pods. */
export function podTemplate(target: Target, workload: Workload) {
  const { project, choices, settings } = target;
  const { name, service, kind } = workload;
  const { userId, groupId } = service.security;
  const pullSecrets = choices.pullSecret === undefined ? [] : [{ name: choices.pullSecret }];
  return {
    metadata: {
      labels: workloadLabels(project, workload),
      ...settings.podAnnotations(name),
    },
    spec: {
      serviceAccountName: serviceAccountName(project),
      automountServiceAccountToken: false,
      // Variables such as INMEMORY_PORT, made from the names of Services, are nobody's configuration.
      enableServiceLinks: false,
      ...settings.optional(
        ["imagePullSecrets"],
        "imagePullSecrets",
        pullSecrets,
        "Secrets with the credentials of the registry.",
      ),
      terminationGracePeriodSeconds: service.stopGraceSeconds + (kind === "Deployment" ? drainSeconds : 0),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: groupId,
        fsGroup: groupId,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...placement(target, workload),
      containers: [container(target, workload)],
      volumes: volumes(target, workload),
    },
  };
}

/** Over zones and nodes as evenly as there is room. */
function placement({ project, settings }: Target, workload: Workload) {
  const { name } = workload;
  return {
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorOf(project, workload) },
      }),
    ),
    ...settings.optional([name, "nodeSelector"], "nodeSelector", {}, "Labels of the nodes it may run on."),
    ...settings.optional([name, "tolerations"], "tolerations", [], "Taints of nodes that it tolerates."),
    ...settings.optional([name, "affinity"], "affinity", {}, "Where its pods are drawn to or kept from."),
  };
}

function container({ settings }: Target, workload: Workload) {
  const { name, service, state, kind } = workload;
  const { registry, name: image, tag } = service.image;
  const repository = settings.text([name, "image", "repository"], `${registry}/${image}`, "The image.");
  return {
    name,
    image: `${repository}:${settings.text([name, "image", "tag"], tag, "Its version.")}`,
    envFrom: [{ configMapRef: { name: configName(workload) } }],
    ports: podPorts(service).map(({ name, port }) => ({ name, containerPort: port, protocol: "TCP" })),
    ...probes(service),
    // Clients of a Deployment have another pod to go to, once the endpoints are told; those of an engine wait for the same one.
    ...(kind === "Deployment" && { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } }),
    resources: settings.block([name, "resources"], resourcesOf(service), "What it asks for, and may have."),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      ...(state.kind === "none" ? [] : [{ name: dataVolume, mountPath: service.volume?.path ?? "/data" }]),
      ...(service.secrets.length > 0
        ? [{ name: secretsVolume, mountPath: secretsFolder(service), readOnly: true }]
        : []),
    ],
  };
}

/**
 * A pod that restores is alive and not ready, however long it takes: what is waited for at the start is that it answers at all.
 * Each probe has its own patience: a start may be slow on a busy node, a process that hangs is given a minute.
 */
function probes(service: Service) {
  const { timeoutSeconds } = service.health;
  const get = (path: string) => ({ httpGet: { path, port: healthPortName(service) }, timeoutSeconds });
  return {
    startupProbe: { ...get("/livez"), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...get("/livez"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...get("/readyz"), periodSeconds: 5, failureThreshold: 2 },
  };
}

/** Memory is asked for as a whole, since a database uses what it has; processor time is shared, and never cut. */
export function resourcesOf({ limits }: Service, factor = 1) {
  const memory = `${(limits.memoryBytes * factor) / 1024 ** 2}Mi`;
  return { requests: { cpu: "100m", memory }, limits: { memory } };
}

/** The folder of its secrets: they lie beside one another. */
function secretsFolder({ secrets }: Service): string {
  return secrets[0]!.path.replace(/\/[^/]+$/, "");
}

/**
 * Of the project's Secret a pod sees what its own service reads, and nothing else; not by `subPath`, so that changes arrive. A
 * volume that stays is not among these: its claim is the StatefulSet's.
 */
function volumes(target: Target, { service, state }: Workload): object[] {
  const secrets = {
    name: secretsVolume,
    secret: {
      secretName: secretName(target),
      defaultMode: 0o440,
      items: service.secrets.map(({ name }) => ({ key: name, path: name })),
    },
  };
  const inPod = { name: dataVolume, emptyDir: { sizeLimit: podStateMax } };
  return [
    ...(service.secrets.length > 0 ? [secrets] : []),
    ...(state.kind === "choice"
      ? target.settings.items(claimsSwitch, state.isClaimed, claimsDoc, "off", [inPod])
      : []),
  ];
}

/** Whether engines' pods have volumes that stay. */
export const claimsSwitch = ["state", "volumes", "enabled"] as const;
export const claimsDoc =
  "Whether engines' pods have volumes that stay. Kubernetes does not change it for a StatefulSet that is there.";
