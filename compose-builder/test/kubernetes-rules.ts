import { expect } from "vitest";
import { type Any, hasLabels, type Output } from "./kubernetes-output.ts";

/** What must hold between the objects of any output, whatever was asked for. */
export function expectWholeness(output: Output): void {
  const controllers = output.objects.filter(({ kind }) => kind === "StatefulSet" || kind === "Deployment");
  expect(controllers.length).toBeGreaterThan(0);
  const podLabels = controllers.map(({ spec }) => spec.template.metadata.labels);
  expectUniqueNames(output.objects);
  for (const one of controllers) {
    const label = `${one.kind} ${one.metadata.name}`;
    const { template, selector } = one.spec;
    expect(hasLabels(template.metadata.labels, selector.matchLabels), `${label}: its own pods`).toBe(true);
    expect(
      podLabels.filter((labels) => hasLabels(labels, selector.matchLabels)).length,
      `${label}: nobody else's pods`,
    ).toBe(1);
    expectPod(label, one, output);
    if (one.kind === "StatefulSet") {
      expect(output.of("Service")[one.spec.serviceName]?.spec.clusterIP, `${label}: serviceName`).toBe(
        "None",
      );
    }
    expect(output.of("PodDisruptionBudget")[one.metadata.name].spec.maxUnavailable).toBe(1);
  }
  for (const { kind, metadata, spec } of output.objects) {
    const selector = kind === "Service" ? spec.selector : (spec?.podSelector ?? spec?.selector)?.matchLabels;
    if (selector === undefined || kind === "ServiceMonitor") continue;
    const { "statefulset.kubernetes.io/pod-name": pod, ...labels } = selector;
    const selected = controllers.filter((one) => hasLabels(one.spec.template.metadata.labels, labels));
    expect(selected.length, `${kind} ${metadata.name} selects the pods of one workload`).toBe(1);
    if (pod !== undefined) {
      const ordinals = Array.from({ length: selected[0].spec.replicas }, (_, ordinal) => ordinal);
      expect(ordinals.map((ordinal) => `${selected[0].metadata.name}-${ordinal}`)).toContain(pod);
    }
    if (kind === "Service") expectPortsOf(metadata.name, spec, selected[0]);
  }
}

function expectUniqueNames(objects: readonly Any[]): void {
  const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
}

/** Mounts, probes, references, hardening and quotas of a workload's pods. */
function expectPod(label: string, { kind, spec: controller }: Any, output: Output): void {
  const { spec } = controller.template;
  const claims = (controller.volumeClaimTemplates ?? []).map(({ metadata }: Any) => metadata.name);
  const volumes = [...(spec.volumes ?? []).map(({ name }: Any) => name), ...claims];
  expect(new Set(volumes).size, `${label}: volumes have different names`).toBe(volumes.length);
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: 1000 });
  expect(spec.securityContext.seccompProfile.type).toBe("RuntimeDefault");
  expect(output.of("ServiceAccount")[spec.serviceAccountName], `${label}: its identity`).toBeDefined();
  for (const { secret } of spec.volumes ?? []) {
    if (secret === undefined) continue;
    const keys = output.secrets.get(secret.secretName);
    // One that is there already is nobody's to look into.
    if (output.secrets.size === 0) continue;
    expect(keys, `${label}: Secret ${secret.secretName}`).toBeDefined();
    for (const { key } of secret.items) expect(keys, `${label}: key ${key}`).toContain(key);
  }
  for (const container of spec.containers) {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(
      container.volumeMounts.map(({ name }: Any) => name).toSorted(),
      `${label}: mounts and volumes`,
    ).toEqual(volumes.toSorted());
    const ports = container.ports.map(({ name }: Any) => name);
    for (const name of ports) expect(name).toMatch(/^[a-z0-9-]{1,15}$/);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      expect(ports, `${label}: ${probe}`).toContain(container[probe].httpGet.port);
    }
    for (const amount of [container.resources.requests.memory, container.resources.limits.memory]) {
      expect(amount).toMatch(/^\d+Mi$/);
    }
    expect(container.resources.requests.cpu).toBeDefined();
    const variables: Record<string, string> = Object.assign(
      {},
      ...container.envFrom.map(({ configMapRef }: Any) => {
        const values = output.configMaps.get(configMapRef.name);
        expect(values, `${label}: ConfigMap ${configMapRef.name}`).toBeDefined();
        return values;
      }),
    );
    expectVariables(label, variables, spec, container);
    const budget = Number.parseInt(variables.WEFTKIT_PERSIST_SHUTDOWN_BUDGET ?? "30s", 10);
    const sleep = container.lifecycle?.preStop.sleep.seconds ?? 0;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(budget + sleep);
    expect(kind === "Deployment").toBe(sleep > 0);
  }
}

/** Secrets are files that are there, never values. */
function expectVariables(label: string, variables: Record<string, string>, spec: Any, container: Any): void {
  const mount = container.volumeMounts.find(({ name }: Any) => name === "secrets");
  const files = (spec.volumes ?? [])
    .flatMap(({ secret }: Any) => secret?.items ?? [])
    .map(({ path }: Any) => `${mount.mountPath}/${path}`);
  for (const [name, value] of Object.entries(variables)) {
    if (name.endsWith("_FILE")) expect(files, `${label}: ${name}`).toContain(value);
    expect(name, `${label}: a secret is no variable`).not.toMatch(/(PASSWORD|SECRET|_KEY|TOKEN)$/);
  }
}

function expectPortsOf(service: string, spec: Any, workload: Any): void {
  const ports = workload.spec.template.spec.containers[0].ports.map(({ name }: Any) => name);
  for (const { targetPort } of spec.ports) expect(ports, `Service ${service}`).toContain(targetPort);
  const names = spec.ports.map(({ name }: Any) => name);
  expect(new Set(names).size).toBe(names.length);
}
