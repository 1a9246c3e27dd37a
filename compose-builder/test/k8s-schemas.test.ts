import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { type Any, readObjects, readOutput } from "./kubernetes-output.ts";
import { KubernetesSchemas, kubernetesVersions } from "./kubernetes-schemas.ts";

const engines = "relational,document,keyvalue,graph,inmemory:2,vector,markdown,filestore";

/** One of each kind of object, with every option that changes one. */
const outputs = [
  ["--engines", engines, "--with", "gateway,pool,playground", "--storage-class", "fast"],
  ["--engines", engines, "--persist", "serverless", "--persist-url", "https://10.0.0.1", "--secret", "mine"],
  ["--engines", engines, "--persist", "serverless", "--persist-function", "--persist-encrypt"],
  ["--engines", engines, "--persist", "container", "--pull-secret", "registry"],
  ["--engines", engines, "--persist", "none"],
];

test("three minor versions of Kubernetes are held against", () => {
  expect(kubernetesVersions).toHaveLength(3);
});

test.each(kubernetesVersions)("Kubernetes %s knows every field, and misses none", async (version) => {
  const schemas = new KubernetesSchemas(version);
  for (const args of outputs) {
    const folder = temporaryFolder();
    const { code } = await weftkit(folder, ["k8s", "--project", "shop", ...args]);
    expect(code).toBe(0);
    const objects = [...readOutput(folder).objects, ...readObjects(join(folder, "namespace.yaml"))];
    expect(objects.flatMap((object) => schemas.mistakes(object))).toEqual([]);
  }
});

test("a field that is unknown, missing or of another type is found", async () => {
  const folder = temporaryFolder();
  await weftkit(folder, ["k8s", "--project", "shop", "--engines", "graph"]);
  const schemas = new KubernetesSchemas(kubernetesVersions[0]!);
  const { graph } = readOutput(folder).of("StatefulSet");
  const changed = (change: (spec: Any) => Any) => {
    const spec = change(structuredClone(graph.spec));
    return schemas.mistakes({ ...graph, spec }).join("\n");
  };
  expect(changed((spec) => ({ ...spec, replica: 1 }))).toContain("replica");
  expect(changed(({ selector: _, ...spec }) => spec)).toContain("selector");
  expect(changed((spec) => ({ ...spec, replicas: "1" }))).toContain("/spec/replicas must be integer");
});
