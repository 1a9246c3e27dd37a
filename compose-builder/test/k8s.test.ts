import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { filesIn, readObjects, readOutput } from "./kubernetes-output.ts";
import { expectWholeness } from "./kubernetes-rules.ts";

function k8s(folder: string, ...args: string[]) {
  return weftkit(folder, ["k8s", "--project", "shop", ...args]);
}

const allEngines = "relational,document,keyvalue,graph,inmemory:2,vector,markdown,filestore";

test.each([
  ["a volume for each pod", ["--engines", allEngines]],
  [
    "a function of mine",
    ["--engines", allEngines, "--persist", "serverless", "--persist-url", "https://x.example"],
  ],
  [
    "a function here",
    ["--engines", "document", "--persist", "serverless", "--persist-function", "--persist-encrypt"],
  ],
  ["the sidecar", ["--engines", "graph,vector", "--persist", "container"]],
  ["nothing", ["--engines", "inmemory", "--persist", "none"]],
  [
    "services before",
    ["--engines", allEngines, "--with", "gateway,pool,discovery,playground", "--service-monitor"],
  ],
  ["a Secret that is there", ["--engines", "relational", "--secret", "mine", "--pull-secret", "registry"]],
])("with %s everything that is named exists, and every pod is hardened", async (_, args) => {
  const folder = temporaryFolder();
  const { code, stderr } = await k8s(folder, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expectWholeness(readOutput(folder));
});

test("an engine is a StatefulSet with a volume for each pod; each pod has a Service of its own", async () => {
  const folder = temporaryFolder();
  const { stdout } = await k8s(
    folder,
    "--engines",
    "inmemory:2",
    "--volume-size",
    "20Gi",
    "--storage-class",
    "fast",
  );
  expect(stdout).toContain("kubectl apply -k base");
  const { of, configMaps } = readOutput(folder);
  const { spec } = of("StatefulSet").inmemory;
  expect(spec).toMatchObject({
    replicas: 2,
    podManagementPolicy: "Parallel",
    serviceName: "inmemory-headless",
  });
  expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: "Retain", whenScaled: "Retain" });
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({
    storageClassName: "fast",
    resources: { requests: { storage: "20Gi" } },
  });
  const services = of("Service");
  expect(Object.keys(services)).toEqual(["inmemory", "inmemory-1", "inmemory-headless"]);
  expect(services["inmemory-1"].spec.selector["statefulset.kubernetes.io/pod-name"]).toBe("inmemory-1");
  expect(services["inmemory-headless"].spec.publishNotReadyAddresses).toBe(true);
  expect(configMaps.get("inmemory-config")).toMatchObject({
    WEFTKIT_PERSIST_MODE: "disabled",
    WEFTKIT_PASSWORD_FILE: "/run/secrets/inmemory_password",
  });
});

test("serverless engines need no volume, take their place from the ordinal, and may talk to the function alone", async () => {
  const folder = temporaryFolder();
  const url = "https://state.example.com:8443/persist";
  await k8s(folder, "--engines", "document:3", "--persist", "serverless", "--persist-url", url);
  const { of, configMaps } = readOutput(folder);
  const { spec } = of("StatefulSet").document;
  expect(spec.volumeClaimTemplates).toBeUndefined();
  expect(spec.template.spec.volumes).toContainEqual({ name: "data", emptyDir: { sizeLimit: "10Gi" } });
  expect(configMaps.get("document-config")).toMatchObject({
    WEFTKIT_PERSIST_MODE: "serverless",
    WEFTKIT_PERSIST_URL: url,
    WEFTKIT_PERSIST_REPLICA: "auto",
    WEFTKIT_PERSIST_NAMESPACE: "shop",
    WEFTKIT_PERSIST_SCHEDULE: "*/15 * * * *",
  });
  const [dns, out, ...more] = of("NetworkPolicy").document.spec.egress;
  expect(dns.ports).toContainEqual({ protocol: "UDP", port: 53 });
  expect([out, more]).toEqual([{ ports: [{ protocol: "TCP", port: 8443 }] }, []]);
});

test("an address has a policy of its own, and --volume-size gives serverless engines a volume", async () => {
  const folder = temporaryFolder();
  const url = "http://10.1.2.3:8787";
  await k8s(
    folder,
    ...["--engines", "graph", "--persist", "serverless", "--persist-url", url, "--volume-size", "1Gi"],
  );
  const { of } = readOutput(folder);
  expect(of("StatefulSet").graph.spec.volumeClaimTemplates).toHaveLength(1);
  expect(of("NetworkPolicy").graph.spec.egress[1]).toEqual({
    to: [{ ipBlock: { cidr: "10.1.2.3/32" } }],
    ports: [{ protocol: "TCP", port: 8787 }],
  });
});

test("--persist container adds the sidecar as a StatefulSet, which takes requests from engines only within the namespace", async () => {
  const folder = temporaryFolder();
  await k8s(folder, "--engines", "graph", "--persist", "container");
  const { of, configMaps } = readOutput(folder);
  expect(of("StatefulSet").persistence.spec).toMatchObject({ replicas: 1 });
  expect(configMaps.get("graph-config")).toMatchObject({ WEFTKIT_PERSIST_URL: "http://persistence:8788" });
  expect(of("NetworkPolicy").graph.spec.egress[1].to[0].podSelector.matchLabels).toMatchObject({
    "app.kubernetes.io/name": "persistence",
  });
});

test("--with puts Deployments before the engines, of which gateway and pool outlive a node", async () => {
  const folder = temporaryFolder();
  await k8s(
    folder,
    "--engines",
    "relational,inmemory:2",
    "--with",
    "gateway,pool,discovery,playground",
    "--service-monitor",
  );
  const { of, configMaps } = readOutput(folder);
  const replicas = Object.values(of("Deployment")).map(({ spec }) => spec.replicas);
  expect(replicas).toEqual([2, 2, 1, 1]);
  expect(configMaps.get("gateway-config")?.WEFTKIT_GATEWAY_BACKENDS).toBe(
    "relational=relational:5432,inmemory=inmemory:6379",
  );
  expect(configMaps.get("playground-config")?.WEFTKIT_PLAYGROUND_ENGINES).toContain(
    "inmemory/2=inmemory-1:6379",
  );
  const [, towards] = of("NetworkPolicy").relational.spec.egress;
  expect(towards.to[0].podSelector.matchLabels).toMatchObject({ "app.kubernetes.io/name": "discovery" });
  expect(towards.ports).toContainEqual({ protocol: "TCP", port: 8500 });
  expect(of("ServiceMonitor").shop.spec.endpoints[0].port).toBe("metrics");
  expect(of("NetworkPolicy").gateway.spec.ingress[1].from[1].namespaceSelector.matchLabels).toEqual({
    "kubernetes.io/metadata.name": "monitoring",
  });
});

test("passwords are in files that nobody else reads, and in nothing that is committed or printed", async () => {
  const folder = temporaryFolder();
  const { stdout } = await k8s(folder, "--engines", "inmemory,graph", "--persist", "container");
  const secrets = join(folder, "base/secrets");
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
  expect(readdirSync(secrets).sort()).toEqual([
    ".gitignore",
    "graph_password",
    "inmemory_password",
    "persist_secret",
  ]);
  const values = readdirSync(secrets)
    .filter((name) => name !== ".gitignore")
    .map((name) => readFileSync(join(secrets, name), "utf8").trim());
  const texts = filesIn(folder).filter((path) => !path.startsWith("base/secrets/"));
  for (const value of values) {
    expect(value.length).toBeGreaterThan(30);
    expect(stdout).not.toContain(value);
    for (const path of texts) expect(readFileSync(join(folder, path), "utf8")).not.toContain(value);
  }
});

test("--secret refers to one that is there, says which keys it needs, and generates none", async () => {
  const folder = temporaryFolder();
  const { stdout } = await k8s(folder, "--engines", "inmemory", "--secret", "mine");
  expect(stdout).toContain("The Secret mine of the namespace shop must have: inmemory_password");
  expect(existsSync(join(folder, "base/secrets"))).toBe(false);
  const { spec } = readOutput(folder).of("StatefulSet").inmemory.spec.template;
  expect(spec.volumes[0].secret.secretName).toBe("mine");
});

test("the namespace takes nothing that is less hardened, and is not deleted with the objects", async () => {
  const folder = temporaryFolder();
  await k8s(folder, "--engines", "inmemory");
  const [namespace] = readObjects(join(folder, "namespace.yaml"));
  expect(namespace.metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
  expect(Object.keys(readOutput(folder).of("Namespace"))).toEqual([]);
});

test("writing the same again changes nothing; an edited file stops everything, until --force", async () => {
  const folder = temporaryFolder();
  await k8s(folder, "--engines", "inmemory");
  const same = await k8s(folder, "--engines", "inmemory", "--json");
  const changes = JSON.parse(same.stdout).files.map(({ change }: { change: string }) => change);
  expect(new Set(changes)).toEqual(new Set(["unchanged", "kept"]));
  appendFileSync(join(folder, "base/inmemory.yaml"), "# mine\n");
  const refused = await k8s(folder, "--engines", "inmemory:2");
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain("-# mine");
  expect(readOutput(folder).of("StatefulSet").inmemory.spec.replicas).toBe(1);
  const forced = await k8s(folder, "--engines", "inmemory:2", "--force");
  expect(forced.code).toBe(0);
  expect(readOutput(folder).of("StatefulSet").inmemory.spec.replicas).toBe(2);
});

test("volumes that Kubernetes would not change are refused, with what to do, until --force", async () => {
  const folder = temporaryFolder();
  await k8s(folder, "--engines", "inmemory", "--volume-size", "1Gi");
  const size = () =>
    readOutput(folder).of("StatefulSet").inmemory.spec.volumeClaimTemplates[0].spec.resources.requests
      .storage;
  const refused = await k8s(folder, "--engines", "inmemory");
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("does not change volumeClaimTemplates");
  expect(refused.stderr).toContain("kubectl delete statefulset inmemory --cascade=orphan");
  expect(size()).toBe("1Gi");
  expect((await k8s(folder, "--engines", "inmemory", "--force")).code).toBe(0);
  expect(size()).toBe("10Gi");
});

test.each([
  [["--engines", "inmemory", "--project", "my_shop"], "--project"],
  [["--engines", "inmemory", "--persist", "none", "--volume-size", "1Gi"], "has no volumes"],
  [["--engines", "inmemory", "--volume-size", "ten"], "10Gi"],
  [["--engines", "inmemory", "--persist", "serverless"], "needs an endpoint"],
  [["--engines", "inmemory", "--persist-url", "https://x.example"], "nothing is persisted"],
  [
    ["--engines", "inmemory", "--persist", "serverless", "--persist-url", "http://localhost:1"],
    "the container itself",
  ],
  [["--engines", "inmemory", "--secret", "My Secret"], "Lower-case"],
  [[], "--engines is missing"],
])("k8s %j is refused before anything is written", async (args, message) => {
  const folder = temporaryFolder();
  const { code, stderr } = await weftkit(folder, ["k8s", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});
