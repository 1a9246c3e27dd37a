import { stringify } from "yaml";
import { type Deployment, servicesOf } from "../deployment/model.ts";
import type { GeneratedFile } from "../files/generated.ts";
import type { ClusterChoices } from "./choices.ts";
import { projectLabels } from "./labels.ts";
import { configName, generatedSecretName } from "./names.ts";
import { type KubernetesObject, present } from "./object.ts";
import { type WorkloadObjects, workloadObjects } from "./objects.ts";
import { namespace, serviceAccount, serviceMonitor } from "./project-objects.ts";
import { plainSettings } from "./settings.ts";

/** Where the generated secrets are, from the output folder: kustomize reads nothing outside of the base. */
export const secretsFolder = "base/secrets";

/** The kustomize base: plain objects, and what ConfigMaps and Secret are made from. */
export function baseFiles(deployment: Deployment, choices: ClusterChoices): readonly GeneratedFile[] {
  const { name: project } = deployment;
  const workloads = workloadObjects(deployment, { project, choices, settings: plainSettings });
  const objects: Readonly<Record<string, readonly KubernetesObject[]>> = {
    "service-account.yaml": [serviceAccount(project)],
    ...(choices.monitoredFrom !== undefined && { "service-monitor.yaml": [serviceMonitor(project)] }),
    ...Object.fromEntries(workloads.map((one) => [`${one.workload.name}.yaml`, objectsOf(one)])),
  };
  const configurations = workloads.map(({ workload }) => ({
    name: configName(workload),
    path: `config/${workload.name}.env`,
    values: workload.service.environment,
  }));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: project,
    resources: Object.keys(objects),
    // A name with the hash of what is in it: pods are replaced when that changes.
    configMapGenerator: configurations.map(({ name, path }) => ({ name, envs: [path] })),
    ...(choices.existingSecret === undefined && {
      secretGenerator: [
        {
          name: generatedSecretName(project),
          files: deployment.secrets.map(({ name }) => `secrets/${name}`),
        },
      ],
    }),
    generatorOptions: { labels: projectLabels(project) },
    images: imagesOf(deployment),
  };
  return [
    // Not one of the base's objects, so that deleting those leaves the namespace, and with it the volumes.
    yamlFile("namespace.yaml", [namespace(project)]),
    yamlFile("base/kustomization.yaml", [kustomization]),
    ...Object.entries(objects).map(([file, list]) => yamlFile(`base/${file}`, list)),
    ...configurations.map(({ path, values }): GeneratedFile => {
      return { path: `base/${path}`, content: renderVariables(values), comment: "hash" };
    }),
    ...(choices.existingSecret === undefined
      ? [{ path: `${secretsFolder}/.gitignore`, content: "*\n", comment: "hash" } as const]
      : []),
  ];
}

function objectsOf(one: WorkloadObjects): readonly KubernetesObject[] {
  const { controller, clientServices, headless, disruptionBudget, networkPolicy } = one;
  return present(controller, ...clientServices, headless, disruptionBudget, networkPolicy);
}

/** Which version of each image runs; an overlay says another. */
function imagesOf(deployment: Deployment): readonly { name: string; newTag: string }[] {
  const tags = new Map(
    servicesOf(deployment).map(({ image: { registry, name, tag } }) => [`${registry}/${name}`, tag]),
  );
  return [...tags].map(([name, newTag]) => ({ name, newTag }));
}

/** Objects as one file, a document each. */
export function yamlFile(path: string, objects: readonly object[]): GeneratedFile {
  const content = objects.map((object) => renderYaml(object)).join("---\n");
  return { path, content, comment: "hash" };
}

/** YAML that reads the same by YAML 1.1, as the cluster's tools read it: `no` and `12e3` are quoted. */
export function renderYaml(object: object): string {
  return stringify(object, { lineWidth: 0, version: "1.1", aliasDuplicateObjects: false });
}

function renderVariables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
