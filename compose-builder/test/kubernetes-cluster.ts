import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { expect } from "vitest";
import type { Any } from "./kubernetes-output.ts";
import { findProgram } from "./kubernetes-tools.ts";

const programs = ["etcd", "kube-apiserver", "kube-controller-manager"] as const;
const missing = programs.filter((name) => findProgram(name) === undefined);

/** Why there is no cluster here; undefined where there is one. */
export const noCluster =
  missing.length === 0 ? undefined : `${missing.join(", ")} missing: see test/kubernetes-server/go.mod`;

/** What the API calls the objects of a kind, in URLs. */
const plurals: Readonly<Record<string, string>> = {
  ConfigMap: "configmaps",
  Deployment: "deployments",
  EndpointSlice: "endpointslices",
  Namespace: "namespaces",
  NetworkPolicy: "networkpolicies",
  Node: "nodes",
  PersistentVolumeClaim: "persistentvolumeclaims",
  Pod: "pods",
  PodDisruptionBudget: "poddisruptionbudgets",
  ResourceQuota: "resourcequotas",
  Secret: "secrets",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  StatefulSet: "statefulsets",
};

export interface Answer {
  readonly status: number;
  readonly body: Any;
  /** What the server has to say against it, though it took it. */
  readonly warnings: readonly string[];
}

/**
 * A Kubernetes without nodes: the API server with its store, and the controllers that make pods, claims and endpoints of what is
 * applied. No pod runs; what a kubelet would tell of one is told by `setReady`.
 */
export class Cluster {
  readonly #folder = mkdtempSync(join(tmpdir(), "weftkit-test-"));
  readonly #children: ChildProcess[] = [];
  readonly #said = new Map<string, string>();
  #port = 0;

  async start(): Promise<void> {
    const ports = await freePorts("client", "peer", "api", "controllers");
    const file = (name: string) => join(this.#folder, name);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(file("tokens.key"), privateKey.export({ type: "pkcs1", format: "pem" }));
    writeFileSync(file("users.csv"), `${token},tester,1,"system:masters"\n`);
    const store = `http://127.0.0.1:${ports.client}`;
    const peer = `http://127.0.0.1:${ports.peer}`;
    this.#run("etcd", [
      ...["--data-dir", file("etcd"), "--unsafe-no-fsync"],
      ...["--listen-client-urls", store, "--advertise-client-urls", store],
      ...[
        "--listen-peer-urls",
        peer,
        "--initial-advertise-peer-urls",
        peer,
        "--initial-cluster",
        `default=${peer}`,
      ],
    ]);
    this.#run("kube-apiserver", [
      ...["--etcd-servers", store, "--bind-address=127.0.0.1", `--secure-port=${ports.api}`],
      ...["--cert-dir", file("certificates"), "--service-cluster-ip-range=10.0.0.0/16"],
      ...["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=RBAC"],
      ...["--service-account-signing-key-file", file("tokens.key")],
      ...["--service-account-key-file", file("tokens.key"), "--token-auth-file", file("users.csv")],
    ]);
    this.#port = ports.api;
    await this.#answers();
    writeFileSync(file("kubeconfig"), kubeconfig(ports.api));
    this.#run("kube-controller-manager", [
      ...["--kubeconfig", file("kubeconfig"), "--leader-elect=false", "--bind-address=127.0.0.1"],
      ...[`--secure-port=${ports.controllers}`, "--cert-dir", file("certificates")],
      ...["--service-account-private-key-file", file("tokens.key")],
    ]);
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      const ended = once(child, "exit");
      if (child.exitCode !== null || !child.kill("SIGKILL")) continue;
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Applies an object as `kubectl apply --server-side --validate=strict` does. */
  apply(object: Any, namespace?: string): Promise<Answer> {
    const path = `${pathOf(object, namespace ?? object.metadata.namespace)}/${object.metadata.name}`;
    const query = "?fieldManager=test&force=true&fieldValidation=Strict";
    return this.#send("PATCH", `${path}${query}`, object, "application/apply-patch+yaml");
  }

  create(object: Any, namespace: string): Promise<Answer> {
    return this.#send("POST", pathOf(object, namespace), object);
  }

  async list(apiVersion: string, kind: string, namespace: string): Promise<Any[]> {
    return (await this.#send("GET", pathOf({ apiVersion, kind }, namespace))).body.items;
  }

  delete(object: Any, namespace: string): Promise<Answer> {
    return this.#send("DELETE", `${pathOf(object, namespace)}/${object.metadata.name}`);
  }

  async scale(statefulSet: string, replicas: number, namespace: string): Promise<void> {
    const path = `${pathOf({ apiVersion: "apps/v1", kind: "StatefulSet" }, namespace)}/${statefulSet}/scale`;
    const answer = await this.#send("PATCH", path, { spec: { replicas } }, "application/merge-patch+json");
    expect(answer.status).toBe(200);
  }

  /** Gives a pod to a node that is a name only: endpoints are of pods that have one. */
  async assign(pod: string, node: string, namespace: string): Promise<void> {
    await this.apply({ apiVersion: "v1", kind: "Node", metadata: { name: node } });
    const body = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: pod },
      target: { apiVersion: "v1", kind: "Node", name: node },
    };
    const path = `${pathOf({ apiVersion: "v1", kind: "Pod" }, namespace)}/${pod}/binding`;
    expect((await this.#send("POST", path, body)).status).toBe(201);
  }

  /** Says of a pod what a kubelet would when it is ready. */
  async setReady(pod: string, podIP: string, namespace: string): Promise<void> {
    const status = {
      phase: "Running",
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: new Date().toISOString() }],
    };
    const path = `${pathOf({ apiVersion: "v1", kind: "Pod" }, namespace)}/${pod}/status`;
    const answer = await this.#send("PATCH", path, { status }, "application/merge-patch+json");
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }

  /** Asks for a pod to be taken away, as `kubectl drain` does. */
  evict(pod: string, namespace: string): Promise<Answer> {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod } };
    return this.#send(
      "POST",
      `${pathOf({ apiVersion: "v1", kind: "Pod" }, namespace)}/${pod}/eviction`,
      body,
    );
  }

  /** The API server says nothing when it begins to answer. */
  async #answers(): Promise<void> {
    const signal = AbortSignal.timeout(patientMs(30_000));
    for (;;) {
      const status = await this.#send("GET", "/readyz").then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) return;
      if (signal.aborted) {
        const said = [...this.#said].map(([name, text]) => `${name}: ${text}`);
        throw new Error(`the API server does not answer\n${said.join("\n")}`);
      }
      await delay(100);
    }
  }

  async #send(method: string, path: string, body?: object, type = "application/json"): Promise<Answer> {
    const call = request({
      host: "127.0.0.1",
      port: this.#port,
      method,
      path,
      // It made its certificate itself, a moment ago.
      ca: readFileSync(join(this.#folder, "certificates/apiserver.crt")),
      headers: { authorization: `Bearer ${token}`, "content-type": type, accept: "application/json" },
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(call, "response");
    const content = await text(response);
    return {
      status: response.statusCode,
      body: content.startsWith("{") ? JSON.parse(content) : content,
      warnings: [response.headers.warning ?? []].flat(),
    };
  }

  #run(name: (typeof programs)[number], args: readonly string[]): void {
    const child = spawn(findProgram(name)!, args, { stdio: ["ignore", "ignore", "pipe"], cwd: this.#folder });
    this.#children.push(child);
    child.stderr.setEncoding("utf8").on("data", (said: string) => {
      this.#said.set(name, `${this.#said.get(name) ?? ""}${said}`.slice(-2000));
    });
  }
}

const token = "token-of-this-test";

function pathOf({ apiVersion, kind }: Any, namespace: string | undefined): string {
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const plural = plurals[kind];
  if (plural === undefined) throw new RangeError(`no path for ${kind}`);
  return `${group}${kind === "Namespace" || kind === "Node" ? "" : `/namespaces/${namespace}`}/${plural}`;
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "here", cluster: { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "tester", user: { token } }],
    contexts: [{ name: "here", context: { cluster: "here", user: "tester" } }],
    "current-context": "here",
  });
}
