import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { Cluster, noCluster } from "./kubernetes-cluster.ts";
import { type Any, parseObjects, readObjects } from "./kubernetes-output.ts";
import { hasHelm, hasKustomize, helmTemplate, kustomizeBuild } from "./kubernetes-tools.ts";

const engines = "relational,document,keyvalue,graph,inmemory:2,vector,markdown,filestore";
const all = ["--engines", engines, "--with", "gateway,pool,playground", "--persist", "container"];

const isPossible = noCluster === undefined && hasKustomize && hasHelm;
const title = `on a real API server${isPossible ? "" : ` (skipped: ${noCluster ?? "no kustomize or helm"})`}`;

describe.skipIf(!isPossible)(title, () => {
  const cluster = new Cluster();
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());

  /** Writes a project into a namespace of its own, and applies all of it. */
  async function deploy(namespace: string, args: readonly string[], by: "kustomize" | "helm" = "kustomize") {
    const folder = temporaryFolder();
    const { code, stderr } = await weftkit(folder, ["k8s", "--project", namespace, ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [own] = readObjects(join(folder, "namespace.yaml"));
    await applyAll([own], undefined);
    // The controllers give a namespace its own identity, without which it takes no pods.
    await expect.poll(() => names("v1", "ServiceAccount", namespace)).toContain("default");
    const text =
      by === "kustomize"
        ? kustomizeBuild(join(folder, "base"))
        : helmTemplate(namespace, join(folder, "chart"));
    await applyAll(parseObjects(text), namespace);
  }

  async function applyAll(objects: readonly Any[], namespace: string | undefined): Promise<void> {
    for (const object of objects) {
      const { status, body, warnings } = await cluster.apply(object, namespace);
      const label = `${object.kind} ${object.metadata.name}: ${body.message ?? ""}`;
      expect([200, 201], label).toContain(status);
      expect(warnings, label).toEqual([]);
    }
  }

  async function names(apiVersion: string, kind: string, namespace: string): Promise<string[]> {
    const objects = await cluster.list(apiVersion, kind, namespace);
    return objects.map(({ metadata }) => metadata.name).sort();
  }

  const pods = (namespace: string) => names("v1", "Pod", namespace);
  const claims = (namespace: string) => names("v1", "PersistentVolumeClaim", namespace);

  test.each(["kustomize", "helm"] as const)(
    "every object of %s is taken without a warning, and every pod is admitted to the namespace",
    async (by) => {
      const namespace = `all-by-${by}`;
      await deploy(namespace, all, by);
      const ofSets = [
        "document-0",
        "filestore-0",
        "graph-0",
        "inmemory-0",
        "inmemory-1",
        "keyvalue-0",
        "markdown-0",
        "persistence-0",
        "relational-0",
        "vector-0",
      ];
      await expect.poll(() => pods(namespace)).toEqual(expect.arrayContaining(ofSets));
      // Two of the gateway, two of the pool, one of the playground.
      await expect.poll(async () => (await pods(namespace)).length).toBe(ofSets.length + 5);
      expect(await claims(namespace)).toEqual(ofSets.map((name) => `data-${name}`));
    },
  );

  test("a pod that is less hardened is not admitted", async () => {
    await deploy("guarded", ["--engines", "graph"]);
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "intruder" },
      spec: { containers: [{ name: "intruder", image: "weftkit/graph" }] },
    };
    const { status, body } = await cluster.create(pod, "guarded");
    expect(status).toBe(403);
    expect(body.message).toContain("restricted");
  });

  test("scaled down and up again a pod has its name, and with it its place and its volume", async () => {
    const namespace = "scaled";
    await deploy(namespace, ["--engines", "inmemory:2"]);
    const two = ["inmemory-0", "inmemory-1"];
    await expect.poll(() => pods(namespace)).toEqual(two);
    const claimed = async () =>
      (await cluster.list("v1", "PersistentVolumeClaim", namespace)).map(({ metadata }) => metadata.uid);
    const before = await claimed();
    await cluster.scale("inmemory", 0, namespace);
    await expect.poll(() => pods(namespace)).toEqual([]);
    expect(await claimed()).toEqual(before);
    await cluster.scale("inmemory", 2, namespace);
    await expect.poll(() => pods(namespace)).toEqual(two);
    expect(await claimed()).toEqual(before);
    const [first] = await cluster.list("v1", "Pod", namespace);
    expect(first.spec.hostname).toBe("inmemory-0");
    const volume = first.spec.volumes.find(({ name }: Any) => name === "data");
    expect(volume.persistentVolumeClaim.claimName).toBe("data-inmemory-0");
  });

  test("a Service leads to its own instance, the headless one to all, also before they are ready", async () => {
    const namespace = "led";
    await deploy(namespace, ["--engines", "inmemory:2", "--with", "gateway"]);
    await expect.poll(() => pods(namespace)).toHaveLength(4);
    // By name: gateway-..., gateway-..., inmemory-0, inmemory-1.
    for (const [index, name] of (await pods(namespace)).entries()) {
      await cluster.assign(name, "node", namespace);
      await cluster.setReady(name, `10.9.0.${index + 1}`, namespace);
    }
    const addresses = async () => {
      const slices = await cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace);
      return Object.fromEntries(
        slices.map(({ metadata, endpoints }) => [
          metadata.labels["kubernetes.io/service-name"],
          (endpoints ?? []).flatMap((endpoint: Any) => endpoint.addresses).sort(),
        ]),
      );
    };
    await expect.poll(addresses).toEqual({
      gateway: ["10.9.0.1", "10.9.0.2"],
      inmemory: ["10.9.0.3"],
      "inmemory-1": ["10.9.0.4"],
      "inmemory-headless": ["10.9.0.3", "10.9.0.4"],
    });
  });

  test("a node with an engine's only pod can be drained; of two pods one at a time goes", async () => {
    const namespace = "drained";
    await deploy(namespace, ["--engines", "graph,inmemory:2"]);
    await expect.poll(() => pods(namespace)).toHaveLength(3);
    for (const [index, name] of (await pods(namespace)).entries()) {
      await cluster.setReady(name, `10.9.1.${index + 1}`, namespace);
    }
    const allowed = async () => {
      const budgets = await cluster.list("policy/v1", "PodDisruptionBudget", namespace);
      return budgets.map(({ status }) => status?.disruptionsAllowed);
    };
    await expect.poll(allowed).toEqual([1, 1]);
    expect((await cluster.evict("graph-0", namespace)).status).toBe(201);
    expect((await cluster.evict("inmemory-0", namespace)).status).toBe(201);
    expect((await cluster.evict("inmemory-1", namespace)).status).toBe(429);
  });

  test("a namespace with a quota for memory and processors takes the pods", async () => {
    const namespace = "rationed";
    await deploy(namespace, ["--engines", "graph", "--persist", "none"]);
    await expect.poll(() => pods(namespace)).toEqual(["graph-0"]);
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "rations" },
      spec: { hard: { "requests.cpu": "1", "requests.memory": "2Gi", "limits.memory": "2Gi" } },
    };
    expect((await cluster.create(quota, namespace)).status).toBe(201);
    const used = async () => (await cluster.list("v1", "ResourceQuota", namespace))[0].status?.used;
    await expect.poll(used).toMatchObject({ "requests.memory": "512Mi", "limits.memory": "512Mi" });
    const [pod] = await cluster.list("v1", "Pod", namespace);
    await cluster.delete({ ...pod, apiVersion: "v1", kind: "Pod" }, namespace);
    await expect
      .poll(async () => (await cluster.list("v1", "Pod", namespace)).map(({ metadata }) => metadata.uid))
      .not.toContain(pod.metadata.uid);
    await expect.poll(() => pods(namespace)).toEqual(["graph-0"]);
  });
});
