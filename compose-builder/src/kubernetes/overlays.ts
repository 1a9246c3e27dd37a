import { stringify } from "yaml";
import type { Deployment, EngineService } from "../deployment/model.ts";
import type { GeneratedFile } from "../files/generated.ts";
import { builtEngines } from "../images.ts";
import { yamlFile } from "./base.ts";
import type { ClusterChoices } from "./choices.ts";
import { configName } from "./names.ts";
import { resourcesOf } from "./pod.ts";
import { namespace } from "./project-objects.ts";
import { type Workload, workloadsOf } from "./workload.ts";

/** How much more memory an engine has in production than to try it out. */
const productionMemory = 4;
/** One can be taken away for an update while another one has failed. */
const productionReplicas = 3;

/** Overlays of the base, each a beginning for the user to go on with. */
export function overlayFiles(deployment: Deployment, choices: ClusterChoices): readonly GeneratedFile[] {
  const workloads = workloadsOf(deployment, choices);
  const development = { ...deployment, name: `${deployment.name}-dev` };
  return [
    start("overlays/dev/kustomization.yaml", developmentOverlay(development, workloads)),
    start("overlays/dev/namespace.yaml", namespace(development.name)),
    start("overlays/production/kustomization.yaml", productionOverlay(deployment, workloads)),
  ];
}

/** A namespace of its own, and a place of its own for states: two engines with one place are each other's rivals. */
function developmentOverlay({ name, persistence }: Deployment, workloads: readonly Workload[]) {
  const places = persistence.mode === "disabled" ? [] : [`WEFTKIT_PERSIST_NAMESPACE=${name}`];
  return {
    ...kustomization(name),
    configMapGenerator: workloads
      .filter(({ role }) => role === "engine")
      .map((engine) => merged(engine, ["WEFTKIT_LOG_LEVEL=debug", ...places])),
    ...replicasOf(workloads, 1),
    patches: [
      ...workloads.map((workload) =>
        patch(workload, [
          {
            op: "replace",
            path: "/spec/template/spec/containers/0/resources/requests",
            value: { cpu: "10m", memory: "64Mi" },
          },
          ...(workload.state.kind !== "none" && workload.state.isClaimed
            ? [
                {
                  op: "replace",
                  path: "/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
                  value: "1Gi",
                },
              ]
            : []),
        ]),
      ),
    ],
  };
}

function productionOverlay({ name, engines }: Deployment, workloads: readonly Workload[]) {
  const first = engines.filter(({ ordinal }) => ordinal === 0);
  return {
    ...kustomization(name),
    configMapGenerator: workloads.flatMap((workload) => {
      const engine = first.find((one) => one.engine === workload.name);
      const variables = engine === undefined ? [] : memoryVariables(engine);
      return variables.length === 0 ? [] : [merged(workload, variables)];
    }),
    ...replicasOf(workloads, productionReplicas),
    patches: workloads.map((workload) => patch(workload, productionPatch(workload))),
  };
}

/** More memory, told to the engine too; the pods of what stands before the engines never on one node. */
function productionPatch({ role, service }: Workload): object[] {
  const container = "/spec/template/spec/containers/0/resources";
  if (role === "front") {
    return [
      {
        op: "replace",
        path: "/spec/template/spec/topologySpreadConstraints/1/whenUnsatisfiable",
        value: "DoNotSchedule",
      },
    ];
  }
  const resources = resourcesOf(service, productionMemory);
  return [
    {
      op: "replace",
      path: container,
      value: { ...resources, requests: { ...resources.requests, cpu: "1" } },
    },
  ];
}

function memoryVariables({ engine, limits }: EngineService): string[] {
  const variables = builtEngines[engine].environment(limits.memoryBytes * productionMemory);
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

/** Pods of what stands before the engines; an engine's are each other's strangers. */
function replicasOf(workloads: readonly Workload[], count: number) {
  const front = workloads.filter(({ role, replicas }) => role === "front" && replicas > 1);
  return front.length === 0 ? {} : { replicas: front.map(({ name }) => ({ name, count })) };
}

function kustomization(name: string) {
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: name,
    resources: ["../../base"],
  };
}

function merged(workload: Workload, literals: readonly string[]) {
  return { name: configName(workload), behavior: "merge", literals };
}

function patch({ kind, name }: Workload, operations: readonly object[]) {
  return { target: { kind, name }, patch: stringify(operations) };
}

function start(path: string, object: object): GeneratedFile {
  return { ...yamlFile(path, [object]), isStart: true };
}
