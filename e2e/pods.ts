import { chownSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { parseAllDocuments } from "yaml";
import { docker, dockerOutput, label, program, projectPrefix, registry, run, tag } from "./docker.ts";

// biome-ignore lint/suspicious/noExplicitAny: what comes from a YAML file has the shape that the tests look for.
type Any = any;

/**
 * What `weftkit k8s` has written, its pods' containers started by Docker as a kubelet starts them: with their variables, mounts,
 * user, host name and limits, and no more than those.
 */
export class Pods {
  readonly folder = mkdtempSync(join(tmpdir(), projectPrefix));
  readonly network = `${projectPrefix}pods-${process.pid}`;
  readonly #containers = new Map<string, string>();
  readonly #volumes = new Set<string>();

  /** Writes a project, and a network for its pods; all of it is removed when the test ends. */
  static async write(...flags: string[]): Promise<Pods> {
    const pods = new Pods();
    onTestFinished(() => pods.#remove());
    const where = ["--project", "shop", "--out", pods.folder, "--registry", registry, "--tag", tag];
    const written = await run(process.execPath, [program, "k8s", ...where, ...flags]);
    expect(written).toMatchObject({ code: 0, stderr: "" });
    await dockerOutput("network", "create", "--label", label, pods.network);
    return pods;
  }

  secret(name: string): string {
    return readFileSync(join(this.folder, "base/secrets", name), "utf8").trim();
  }

  /** Starts a pod of a StatefulSet; resolves when its readiness probe succeeds. */
  async start(statefulSet: string, ordinal = 0): Promise<void> {
    const objects = this.#objects(statefulSet);
    const { spec } = objects.find(({ kind }) => kind === "StatefulSet");
    const name = `${statefulSet}-${ordinal}`;
    const pod = spec.template.spec;
    const [container] = pod.containers;
    const services = objects.filter(
      ({ kind, spec: { selector } }) =>
        kind === "Service" && selector["statefulset.kubernetes.io/pod-name"] === name,
    );
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;
    const id = await dockerOutput(
      ...["run", "--detach", "--label", label, "--hostname", name, "--network", this.network],
      ...services.flatMap(({ metadata }: Any) => ["--network-alias", metadata.name]),
      ...["--user", `${runAsUser}:${runAsGroup}`, "--group-add", String(fsGroup)],
      ...["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"],
      ...["--memory", container.resources.limits.memory.replace("Mi", "m")],
      ...["--env-file", join(this.folder, "base/config", `${statefulSet}.env`)],
      // What every pod is told of its cluster.
      ...["--env", "KUBERNETES_SERVICE_HOST=10.0.0.1"],
      ...(await this.#mounts(name, pod, container, fsGroup)),
      ...container.ports.flatMap(({ containerPort }: Any) => ["--publish", `127.0.0.1::${containerPort}`]),
      container.image,
    );
    this.#containers.set(name, id);
    const { path, port } = container.readinessProbe.httpGet;
    const { containerPort } = container.ports.find((one: Any) => one.name === port);
    const ready = `http://127.0.0.1:${await this.port(name, containerPort)}${path}`;
    const isReady = () =>
      fetch(ready)
        .then(({ ok }) => ok)
        .catch(() => false);
    await expect.poll(isReady, { timeout: 60_000, message: `${name} is ready` }).toBe(true);
  }

  /** The port of this machine where a pod's port is reached. */
  async port(pod: string, containerPort: number): Promise<number> {
    const address = await dockerOutput("port", this.#containers.get(pod)!, String(containerPort));
    return Number(address.split("\n")[0]!.split(":").at(-1));
  }

  /** Ends a pod as a kubelet does, and takes it away; resolves to its exit code. */
  async stop(pod: string): Promise<number> {
    const id = this.#containers.get(pod)!;
    const { spec } = this.#objects(pod.replace(/-\d+$/, "")).find(({ kind }) => kind === "StatefulSet");
    await dockerOutput("stop", "--time", String(spec.template.spec.terminationGracePeriodSeconds), id);
    const code = Number(await dockerOutput("inspect", "--format", "{{.State.ExitCode}}", id));
    await dockerOutput("rm", id);
    this.#containers.delete(pod);
    return code;
  }

  /** Takes a pod's volume away, as with the node that it was on. */
  async loseVolume(pod: string): Promise<void> {
    await dockerOutput("volume", "rm", this.#volumeOf(pod));
    this.#volumes.delete(this.#volumeOf(pod));
  }

  #objects(file: string): Any[] {
    const text = readFileSync(join(this.folder, "base", `${file}.yaml`), "utf8");
    return parseAllDocuments(text).map((document) => document.toJS());
  }

  /** A Secret's files belong to root and the pod's group; a volume is the group's as well. */
  async #mounts(name: string, pod: Any, container: Any, group: number): Promise<string[]> {
    const mounts: string[] = [];
    for (const { name: volume, mountPath, readOnly } of container.volumeMounts) {
      const secret = pod.volumes.find((one: Any) => one.name === volume)?.secret;
      const suffix = readOnly ? ":ro" : "";
      if (secret === undefined) {
        const created = await dockerOutput("volume", "create", "--label", label, this.#volumeOf(name));
        this.#volumes.add(created);
        mounts.push("--volume", `${created}:${mountPath}${suffix}`);
        continue;
      }
      const folder = join(this.folder, "mounts", name);
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      for (const { key, path } of secret.items) {
        const file = join(folder, path);
        rmSync(file, { force: true });
        copyFileSync(join(this.folder, "base/secrets", key), file);
        chownSync(file, 0, group);
        await run("chmod", [secret.defaultMode.toString(8), file]);
      }
      mounts.push("--volume", `${folder}:${mountPath}${suffix}`);
    }
    return mounts;
  }

  #volumeOf(pod: string): string {
    return `${this.network}-data-${pod}`;
  }

  async #remove(): Promise<void> {
    for (const id of this.#containers.values()) await docker("rm", "--force", "--volumes", id);
    for (const volume of this.#volumes) await docker("volume", "rm", "--force", volume);
    await docker("network", "rm", this.network);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
