import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { type Any, parseObjects } from "./kubernetes-output.ts";
import { KubernetesSchemas, kubernetesVersions } from "./kubernetes-schemas.ts";
import { hasKustomize, kustomizeBuild } from "./kubernetes-tools.ts";

const args = [
  ...["k8s", "--project", "shop", "--engines", "relational,inmemory:2", "--with", "gateway,pool,playground"],
  ...["--persist", "container"],
];

async function build(overlay: string, ...more: string[]): Promise<Any[]> {
  const folder = temporaryFolder();
  const { code, stderr } = await weftkit(folder, [...args, ...more]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return parseObjects(kustomizeBuild(join(folder, overlay)));
}

function one(objects: readonly Any[], kind: string, name: string): Any {
  const found = objects.find(({ metadata, kind: its }) => its === kind && metadata.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found;
}

test.skipIf(!hasKustomize).each(["base", "overlays/dev", "overlays/production"])(
  "kustomize builds %s, every reference follows the hashes, and Kubernetes knows every field",
  async (overlay) => {
    const objects = await build(overlay);
    const names = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    for (const { kind, spec } of objects) {
      if (kind !== "StatefulSet" && kind !== "Deployment") continue;
      const { containers, volumes } = spec.template.spec;
      for (const { configMapRef } of containers[0].envFrom) {
        expect(configMapRef.name).toMatch(/-config-[a-z0-9]{10}$/);
        expect(names).toContain(`ConfigMap/${configMapRef.name}`);
      }
      for (const { secret } of volumes ?? []) {
        if (secret !== undefined) expect(names).toContain(`Secret/${secret.secretName}`);
      }
    }
    for (const version of kubernetesVersions) {
      const schemas = new KubernetesSchemas(version);
      expect(objects.flatMap((object) => schemas.mistakes(object))).toEqual([]);
    }
  },
);

test.skipIf(!hasKustomize)(
  "dev has a namespace, small requests and places for states of its own",
  async () => {
    const objects = await build("overlays/dev");
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["shop-dev"]));
    const { spec } = one(objects, "StatefulSet", "inmemory");
    expect(spec.template.spec.containers[0].resources.requests).toEqual({ cpu: "10m", memory: "64Mi" });
    expect(spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe("1Gi");
    const { name } = spec.template.spec.containers[0].envFrom[0].configMapRef;
    expect(one(objects, "ConfigMap", name).data).toMatchObject({
      WEFTKIT_PERSIST_NAMESPACE: "shop-dev",
      WEFTKIT_LOG_LEVEL: "debug",
    });
    expect(one(objects, "Deployment", "gateway").spec.replicas).toBe(1);
  },
);

test.skipIf(!hasKustomize)(
  "production has more memory, which the engine knows, and gateways on different nodes",
  async () => {
    const objects = await build("overlays/production");
    const { spec } = one(objects, "StatefulSet", "inmemory");
    const [container] = spec.template.spec.containers;
    expect(container.resources).toEqual({
      requests: { cpu: "1", memory: "4096Mi" },
      limits: { memory: "4096Mi" },
    });
    const { data } = one(objects, "ConfigMap", container.envFrom[0].configMapRef.name);
    expect(Number(data.WEFTKIT_INMEMORY_MAX_MEMORY_BYTES)).toBe(Math.floor((4 * 1024 ** 3 * 2) / 5));
    const gateway = one(objects, "Deployment", "gateway").spec;
    expect(gateway.replicas).toBe(3);
    expect(gateway.template.spec.topologySpreadConstraints[1]).toMatchObject({
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "DoNotSchedule",
    });
  },
);

test("what is edited in an overlay stays, and is in nobody's way", async () => {
  const folder = temporaryFolder();
  await weftkit(folder, args);
  const file = join(folder, "overlays/production/kustomization.yaml");
  appendFileSync(file, "# mine\n");
  const { code, stdout } = await weftkit(folder, [...args, "--tag", "0.2.0", "--json"]);
  expect(code).toBe(0);
  const changes: { path: string; change: string }[] = JSON.parse(stdout).files;
  expect(changes).toContainEqual({ path: "overlays/production/kustomization.yaml", change: "kept" });
  expect(changes).toContainEqual({ path: "base/kustomization.yaml", change: "updated" });
  expect(readFileSync(file, "utf8")).toContain("# mine");
});
