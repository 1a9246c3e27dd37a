import { userName } from "../deployment/hardening.ts";
import type { Deployment, EngineService } from "../deployment/model.ts";
import { encryptionKey, keyId, persistSecret } from "../deployment/persistence.ts";
import { connectionUrl, credentialsOf } from "../images.ts";
import { secretsFolder } from "./base.ts";
import type { ClusterChoices } from "./choices.ts";
import { generatedSecretName } from "./names.ts";
import { type Workload, workloadsOf } from "./workload.ts";

/** README.md: how to apply, connect, scale and remove. It names where a password is, never the password. */
export function renderClusterReadme(deployment: Deployment, choices: ClusterChoices): string {
  const { name: project, engines } = deployment;
  const workloads = workloadsOf(deployment, choices);
  const scalable = workloads.find(({ role }) => role === "engine")!;
  return `# ${project} on Kubernetes

\`\`\`sh
kubectl apply -f namespace.yaml
kubectl apply -k base                       # start, or bring up to date
kubectl -n ${project} get pods --watch       # until all are ready
kubectl delete -k base                      # stop; ${removal(workloads)}
\`\`\`

## Connect

${secretSentence(deployment, choices)}

From pods of the namespace:

| Service | connection string |
| --- | --- |
${engines.map((service) => `| ${service.name} | \`${inCluster(service)}\`${credentialsText(service)} |`).join("\n")}

From a terminal: \`kubectl -n ${project} port-forward service/${engines[0]!.name} ${engines[0]!.ports[0].container}\`, then the same string
with 127.0.0.1 for the host.

The network policies let pods of this namespace in. For clients elsewhere add a policy of your own: policies add up.
${frontChapter(workloads)}
## Scale

Each pod of \`${scalable.name}\` is an instance with data of its own, and its ordinal is its place: \`kubectl -n ${project} scale
statefulset ${scalable.name} --replicas 2\` adds an empty one, reached as \`${scalable.name}-1.${scalable.name}-headless\`. Scaled down and up again it finds the state that it had.

${stateChapter(deployment, workloads)}
## Files

| file | what it is |
| --- | --- |
| namespace.yaml | the namespace, in which nothing may run that is less hardened |
| base/ | the objects; \`weftkit k8s\` never overwrites what you edited, unless told to with --force |
| base/kustomization.yaml | the list of them, and which version of each image runs |
| base/config/ | each service's variables; a change replaces its pods |
| overlays/dev, overlays/production | beginnings for environments of your own: smaller in the namespace \`${project}-dev\`, larger in this one; \`kubectl apply -k overlays/production\`; what you edit in them stays |
| chart/ | the same as a Helm chart, one release in a namespace: \`helm install ${project} chart --namespace ${project}\`, with what its values.yaml says |
${choices.existingSecret === undefined ? `| ${secretsFolder}/ | generated passwords and keys: keep the folder out of version control |\n` : ""}`;
}

function removal(workloads: readonly Workload[]): string {
  return workloads.some(({ state }) => state.kind === "claim")
    ? "the volumes stay, until the namespace or their claims are deleted"
    : "what is in the pods is gone";
}

function secretSentence({ name: project, secrets }: Deployment, choices: ClusterChoices): string {
  if (choices.existingSecret === undefined) {
    return `User \`${userName}\`; the passwords are in \`${secretsFolder}/\`, and in the cluster in the Secret \`${generatedSecretName(project)}-...\`.`;
  }
  const keys = secrets.map(({ name }) => `\`${name}\``).join(", ");
  return `User \`${userName}\`; passwords and keys are in the Secret \`${choices.existingSecret}\` of the namespace, which must have the keys
${keys}. Keys but passwords are 32 bytes in hexadecimal (\`openssl rand -hex 32\`).`;
}

function inCluster({ engine, name, ports: [port] }: EngineService): string {
  return connectionUrl(engine, {
    host: name,
    port: port.container,
    login: { user: userName, password: "PASSWORD" },
  });
}

function credentialsText({ engine }: EngineService): string {
  const text = credentialsOf(engine, { user: userName, password: "PASSWORD" });
  return text === undefined ? "" : ` with \`${text}\``;
}

function frontChapter(workloads: readonly Workload[]): string {
  const front = workloads.filter(({ role }) => role === "front");
  if (front.length === 0) return "";
  const rows = front.map(({ name, service }) => {
    return `| ${name} | ${service.ports.map(({ container }) => container).join(", ")} |`;
  });
  return `
Before the engines, each for the first instance of them:

| Service | ports |
| --- | --- |
${rows.join("\n")}
`;
}

function stateChapter(deployment: Deployment, workloads: readonly Workload[]): string {
  const { persistence } = deployment;
  const onVolumes = workloads.some(({ role, state }) => role === "engine" && state.kind === "claim");
  const place = onVolumes
    ? "Each engine's pod has a volume of its own, which stays when the pod goes, is scaled away, or moves to another node."
    : "An engine's pod has its state in itself: it is gone with the pod.";
  if (persistence.mode === "disabled") return `## State\n\n${place}\n`;
  const where = persistence.service === undefined ? "" : ` (the Service \`${persistence.service}\`)`;
  return `## State

${place} What was written is pushed to ${persistence.url}${where}: by the schedule
\`${persistence.schedule}\`, whenever it is 32 MB, and right before a pod ends. An empty pod restores it before it is ready. A pod that is
killed without a stop, and whose volume is gone, loses what came after its last push.

The instance with the ordinal n has the place \`${persistence.namespace}/<engine>/<n>\`.

\`${persistSecret.name}\` of the Secret signs every request${
    persistence.service === undefined
      ? `, and the function must know it, as the key \`${keyId}\`: give it to your function, or put your function's own in its place before the first start`
      : ""
  }.${
    persistence.encrypted
      ? `\n\`${encryptionKey.name}\` encrypts everything before it leaves an engine. **Keep a copy elsewhere: without it no state can be restored, by anybody.**`
      : ""
  }
`;
}
