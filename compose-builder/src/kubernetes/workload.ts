import { frontReplicas } from "../deployment/front.ts";
import type { Deployment, EngineService, Service } from "../deployment/model.ts";
import type { ClusterChoices, VolumeClaim } from "./choices.ts";

/** What runs the pods of one image: all instances of an engine are pods of one StatefulSet. */
export interface Workload {
  readonly name: string;
  readonly kind: "StatefulSet" | "Deployment";
  readonly role: "engine" | "store" | "front";
  /** What each of its pods runs. */
  readonly service: Service;
  readonly replicas: number;
  /** The names that clients reach each of its instances by, where they are not one another's stand-ins; else its own name alone. */
  readonly instanceNames: readonly string[];
  readonly state: PodState;
}

/** Where a pod has `/data`: on a volume that stays, there or in the pod itself, or nowhere. */
export type PodState =
  | {
      /** Whether a chart can do without the volume. */
      readonly kind: "claim" | "choice";
      readonly claim: VolumeClaim;
      readonly isClaimed: boolean;
    }
  | { readonly kind: "none" };

/** The deployment as workloads, in the order in which they start. */
export function workloadsOf(deployment: Deployment, choices: ClusterChoices): readonly Workload[] {
  const byName = (service: Service) => ({ name: service.name, service, instanceNames: [service.name] });
  const stores = deployment.supporting.map((service): Workload => {
    const state: PodState = { kind: "claim", claim: choices.storeVolume, isClaimed: true };
    return { ...byName(service), kind: "StatefulSet", role: "store", replicas: 1, state };
  });
  const front = deployment.front.map((service): Workload => {
    const replicas = frontReplicas(service);
    return { ...byName(service), kind: "Deployment", role: "front", replicas, state: { kind: "none" } };
  });
  return [...stores, ...engineWorkloads(deployment.engines, choices), ...front];
}

function engineWorkloads(
  engines: readonly EngineService[],
  { engineVolumes, storeVolume }: ClusterChoices,
): Workload[] {
  const isClaimed = engineVolumes !== undefined;
  const state: PodState = { kind: "choice", claim: engineVolumes ?? storeVolume, isClaimed };
  return engines
    .filter(({ ordinal }) => ordinal === 0)
    .map((first) => {
      const instances = engines.filter(({ engine }) => engine === first.engine);
      return {
        name: first.engine,
        kind: "StatefulSet",
        role: "engine",
        service: first,
        replicas: instances.length,
        instanceNames: instances.map(({ name }) => name),
        state,
      };
    });
}
