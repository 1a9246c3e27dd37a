import type { Target } from "./target.ts";

/** The ConfigMap of a workload. */
export function configName({ name }: { readonly name: string }): string {
  return `${name}-config`;
}

/** The Secret of the project where it is generated. */
export function generatedSecretName(project: string): string {
  return `${project}-secrets`;
}

/** The Secret of the project: generated, or one that is there. */
export function secretName({ project, choices }: Target): string {
  return choices.existingSecret ?? generatedSecretName(project);
}

export function serviceAccountName(project: string): string {
  return project;
}

/** The Service that gives each pod of a StatefulSet its name. */
export function headlessName({ name }: { readonly name: string }): string {
  return `${name}-headless`;
}
