import type { PersistChoice } from "../deployment/plan.ts";

/** Where state may live, in the words of a cluster. */
export const stateModes = ["serverless", "volume", "container", "none"] as const;

export type StateMode = (typeof stateModes)[number];

/** What only a cluster asks for. */
export interface ClusterChoices {
  /** The volumes of the engines; undefined when their state is in the pod only, and pushed from there, or lost. */
  readonly engineVolumes: VolumeClaim | undefined;
  /** The volume of what keeps states in the cluster. */
  readonly storeVolume: VolumeClaim;
  /** A Secret that exists already; undefined when one is generated. */
  readonly existingSecret: string | undefined;
  /** A Secret with the registry's credentials. */
  readonly pullSecret: string | undefined;
  /** The namespace of a Prometheus that is to read the metrics; undefined when none is. */
  readonly monitoredFrom: string | undefined;
}

export interface VolumeClaim {
  /** As Kubernetes writes it, `10Gi`. */
  readonly size: string;
  /** The cluster's default where undefined. */
  readonly storageClass: string | undefined;
}

/** What the deployment model calls a mode. */
export function persistMode(mode: StateMode): PersistChoice["mode"] {
  return mode === "serverless" || mode === "container" ? mode : "disabled";
}
