import manifest from "../package.json" with { type: "json" };
import { composeFiles } from "./compose/files.ts";
import { type PersistOptions, persistChoice } from "./compose/persist-choice.ts";
import { noProject, refusePortClashes } from "./compose/project.ts";
import { entrancesFromHost, fromHost } from "./compose/readme.ts";
import { podInstances } from "./deployment/instances.ts";
import { type Deployment, servicesOf } from "./deployment/model.ts";
import { planDeployment } from "./deployment/plan.ts";
import { parseEngineList } from "./engine-list.ts";
import { seal } from "./files/seal.ts";
import type { SecretForm } from "./files/secret.ts";
import { persistMode, type StateMode } from "./kubernetes/choices.ts";
import { kubernetesFiles } from "./kubernetes/files.ts";
import { parseServiceList } from "./service-list.ts";

export { makeSecret } from "./files/secret.ts";
export { Failure } from "./terminal/failure.ts";

/** What a project is made of, in the words of the flags of `weftkit compose` and `weftkit k8s`. */
export interface ProjectFlags extends Omit<PersistOptions, "persist"> {
  readonly project: string;
  /** `relational,inmemory:2` */
  readonly engines: string;
  /** `gateway,pool`; empty for none. */
  readonly with: string;
  /** Where ports are published; of compose files. */
  readonly bind: string;
}

/** A project that was not written anywhere. */
export interface ProjectFiles {
  /** Sealed, so that `weftkit compose` and `weftkit k8s` know them as their own. */
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** What has to be in the folder `secrets`; their texts are made when somebody takes them. */
  readonly secrets: readonly { readonly name: string; readonly form: SecretForm }[];
  /** How clients connect, by service; passwords are read by the shell from their files. */
  readonly connections: readonly { readonly name: string; readonly url: string }[];
}

/** What `weftkit compose` writes into an empty folder. @throws Failure as the command does */
export function composeProject(
  flags: ProjectFlags & Required<Pick<PersistOptions, "persist">>,
): ProjectFiles {
  const deployment = planned(flags, flags);
  refusePortClashes(servicesOf(deployment));
  const files = composeFiles(deployment, noProject, false, noProject.surroundings);
  return {
    files: files.map(({ path, content, comment }) => ({ path, content: seal(content, comment) })),
    secrets: deployment.secrets,
    connections: [
      ...deployment.engines.map((service) => ({ name: service.name, url: fromHost(service) })),
      ...deployment.front.flatMap((service) =>
        entrancesFromHost(service, deployment.engines).map((url) => ({ name: service.name, url })),
      ),
    ],
  };
}

/** What `weftkit k8s` writes into an empty folder. @throws Failure as the command does */
export function kubernetesProject(
  flags: ProjectFlags & { readonly state: StateMode; readonly volumeSize: string },
): ProjectFiles {
  const { state, volumeSize, ...rest } = flags;
  const deployment = planned(
    { ...rest, bind: "0.0.0.0" },
    { ...rest, persist: persistMode(state) },
    podInstances,
  );
  const claim = { size: volumeSize, storageClass: undefined };
  const cluster = {
    engineVolumes: state === "volume" || state === "container" ? claim : undefined,
    storeVolume: claim,
    existingSecret: undefined,
    pullSecret: undefined,
    monitoredFrom: undefined,
  };
  const files = kubernetesFiles(deployment, cluster, manifest.version);
  return {
    files: files.map(({ path, content, comment }) => ({ path, content: seal(content, comment) })),
    secrets: deployment.secrets,
    connections: [],
  };
}

function planned(flags: ProjectFlags, persist: PersistOptions, instances?: typeof podInstances): Deployment {
  const engines = parseEngineList(flags.engines);
  return planDeployment({
    name: flags.project,
    engines,
    registry: "weftkit",
    tag: manifest.version,
    bind: flags.bind,
    ports: new Map(),
    front: parseServiceList(flags.with, engines),
    persist: persistChoice(persist, flags.project),
    ...(instances !== undefined && { instances }),
  });
}
