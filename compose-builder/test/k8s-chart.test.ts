import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { weftkit } from "./command.ts";
import { type Any, parseObjects, readOutput } from "./kubernetes-output.ts";
import { KubernetesSchemas, kubernetesVersions } from "./kubernetes-schemas.ts";
import { hasHelm, helmLint, helmTemplate } from "./kubernetes-tools.ts";

const engines = "relational,document,keyvalue,graph,inmemory:3,vector,markdown,filestore";

const outputs: readonly (readonly [string, readonly string[]])[] = [
  ["volumes", ["--engines", engines, "--with", "gateway,pool,playground", "--service-monitor"]],
  ["a function", ["--engines", engines, "--persist", "serverless", "--persist-url", "https://x.example"]],
  [
    "a store here",
    ["--engines", "graph", "--persist", "serverless", "--persist-function", "--persist-encrypt"],
  ],
  ["the sidecar", ["--engines", "graph", "--persist", "container", "--storage-class", "fast"]],
  ["a Secret", ["--engines", "graph", "--secret", "mine", "--pull-secret", "registry"]],
];

async function write(args: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const { code, stderr } = await weftkit(folder, ["k8s", "--project", "shop", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return folder;
}

const render = (folder: string, ...args: string[]) =>
  parseObjects(helmTemplate("shop", join(folder, "chart"), ...args));

const keyOf = ({ kind, metadata }: Any) => `${kind}/${metadata.name}`;

/** Objects by what they are, less what only one of the two ways has. */
function comparable(objects: readonly Any[]): Record<string, Any> {
  return Object.fromEntries(
    objects
      .filter(({ kind }) => kind !== "ConfigMap" && kind !== "Secret")
      .map((object) => {
        const copy = structuredClone(object);
        delete copy.spec?.template?.metadata.annotations;
        return [keyOf(copy), copy];
      }),
  );
}

test.skipIf(!hasHelm).each(outputs)(
  "with %s the chart renders to the objects of the base",
  async (_, args) => {
    const folder = await write(args);
    const base = readOutput(folder);
    const chart = render(folder);
    expect(comparable(chart)).toEqual(comparable(base.objects));
    const configMaps = chart.filter(({ kind }) => kind === "ConfigMap");
    expect(Object.fromEntries(configMaps.map(({ metadata, data }) => [metadata.name, data]))).toEqual(
      Object.fromEntries(base.configMaps),
    );
    const secrets = chart.filter(({ kind }) => kind === "Secret");
    expect(
      secrets.map(({ metadata, stringData }) => [metadata.name, Object.keys(stringData).sort()]),
    ).toEqual([...base.secrets].map(([name, keys]) => [name, keys.toSorted()]));
    for (const version of kubernetesVersions) {
      const schemas = new KubernetesSchemas(version);
      const known = chart.filter(({ kind }) => kind !== "ServiceMonitor");
      expect(known.flatMap((object) => schemas.mistakes(object))).toEqual([]);
    }
  },
);

test.skipIf(!hasHelm)("Helm finds nothing to say against it", async () => {
  expect(helmLint(join(await write(["--engines", engines]), "chart"))).toContain("0 chart(s) failed");
});

test.skipIf(!hasHelm)("values say how many, of which image, with what, and where", async () => {
  const folder = await write(["--engines", "inmemory", "--with", "gateway"]);
  const objects = render(
    folder,
    ...[
      "--set",
      "inmemory.replicas=3",
      "--set",
      "inmemory.image.tag=1.0",
      "--set",
      "gateway.service.type=LoadBalancer",
    ],
    ...["--set", "inmemory.nodeSelector.disk=ssd", "--set", "state.volumes.enabled=false"],
    ...["--set", "inmemory.config.WEFTKIT_LOG_LEVEL=debug", "--set", "networkPolicy.enabled=false"],
    ...["--set", "inmemory.resources.limits.memory=2Gi", "--set", "secrets.inmemory_password=chosen"],
  );
  const by = Object.fromEntries(objects.map((object) => [keyOf(object), object]));
  const { spec } = by["StatefulSet/inmemory"];
  expect(spec.replicas).toBe(3);
  expect(spec.volumeClaimTemplates).toBeUndefined();
  expect(spec.template.spec).toMatchObject({
    nodeSelector: { disk: "ssd" },
    containers: [{ image: "weftkit/inmemory:1.0", resources: { limits: { memory: "2Gi" } } }],
  });
  expect(spec.template.spec.volumes).toContainEqual({ name: "data", emptyDir: { sizeLimit: "10Gi" } });
  expect(by["Service/inmemory-2"].spec.selector["statefulset.kubernetes.io/pod-name"]).toBe("inmemory-2");
  expect(by["Service/gateway"].spec.type).toBe("LoadBalancer");
  expect(by["ConfigMap/inmemory-config"].data.WEFTKIT_LOG_LEVEL).toBe("debug");
  expect(by["Secret/shop-secrets"].stringData.inmemory_password).toBe("chosen");
  expect(objects.filter(({ kind }) => kind === "NetworkPolicy")).toEqual([]);
});

test.skipIf(!hasHelm)(
  "pods are replaced when their variables change, and those of others are not",
  async () => {
    const folder = await write(["--engines", "inmemory,graph"]);
    const sums = (objects: readonly Any[]) =>
      Object.fromEntries(
        objects
          .filter(({ kind }) => kind === "StatefulSet")
          .map(({ metadata, spec }) => [
            metadata.name,
            spec.template.metadata.annotations["checksum/config"],
          ]),
      );
    const before = sums(render(folder));
    const after = sums(render(folder, "--set", "graph.config.WEFTKIT_LOG_LEVEL=debug"));
    expect(after.inmemory).toBe(before.inmemory);
    expect(after.graph).not.toBe(before.graph);
  },
);

test.skipIf(!hasHelm)(
  "a release of another name has labels, a Secret and an identity of its own",
  async () => {
    const folder = await write(["--engines", "inmemory"]);
    const objects = parseObjects(helmTemplate("123", join(folder, "chart"), "--set", "existingSecret=mine"));
    for (const { metadata } of objects) expect(metadata.labels["app.kubernetes.io/instance"]).toBe("123");
    const set = objects.find(({ kind }) => kind === "StatefulSet");
    expect(set.spec.template.spec).toMatchObject({
      serviceAccountName: "123",
      volumes: [{ secret: { secretName: "mine" } }],
    });
    expect(objects.some(({ kind }) => kind === "Secret")).toBe(false);
  },
);

test.skipIf(!hasHelm).each([
  [["--set", "inmemory.replica=2"], "replica"],
  [["--set", "inmemory.replicas=two"], "integer"],
  [["--set", "inmemory.service.type=Public"], "LoadBalancer"],
  [["--set-string", "state.volumes.enabled=yes"], "boolean"],
])("values that no template reads, or of another type, are refused: %j", async (args, message) => {
  const folder = await write(["--engines", "inmemory"]);
  expect(() => helmTemplate("shop", join(folder, "chart"), ...args)).toThrow(message);
});

test("the schema says what each value means, and an edited one stops everything", async () => {
  const folder = await write(["--engines", "inmemory"]);
  const file = join(folder, "chart/values.schema.json");
  const schema = JSON.parse(readFileSync(file, "utf8"));
  expect(schema.properties.inmemory.properties.replicas).toEqual({
    description: "Instances, each with data of its own.",
    type: "integer",
    minimum: 0,
  });
  const values = parse(readFileSync(join(folder, "chart/values.yaml"), "utf8"));
  expect(Object.keys(schema.properties).filter((name) => name !== "global")).toEqual(Object.keys(values));
  appendFileSync(file, "\n");
  const { code } = await weftkit(folder, ["k8s", "--project", "shop", "--engines", "graph"]);
  expect(code).toBe(3);
});
