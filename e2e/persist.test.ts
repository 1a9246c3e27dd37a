import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, freePorts } from "@weftkit/testing/free-ports";
import { expect, onTestFinished } from "vitest";
import { Circle } from "./circle.ts";
import { type ComposeProject, writeProject } from "./compose-project.ts";
import { differences, writeDataset } from "./dataset.ts";
import { docker, dockerOutput, inspect, program, run } from "./docker.ts";
import { Landscape } from "./landscape.ts";
import { Ledger } from "./ledger.ts";
import { Notebook } from "./notebook.ts";
import { Shelf } from "./shelf.ts";
import { testWithDocker } from "./test-with-docker.ts";
import { Warehouse } from "./warehouse.ts";
import { Wiki } from "./wiki.ts";

const keyCount = 100_000;
const documentCount = 1000;
const rowCount = 2000;
const itemCount = 2000;
const noteCount = 2000;
const personCount = 1000;
const objectCount = 200;
const vectorCount = 2000;

/**
 * An address of this machine that containers reach, whatever network they are in: the gateway of the default bridge. Right
 * after its first start the engine names the subnet alone, whose first address it is.
 */
async function bridgeGateway(): Promise<string> {
  const config = "{{with index .IPAM.Config 0}}{{.Subnet}} {{.Gateway}}{{end}}";
  const [subnet = "", gateway] = (
    await dockerOutput("network", "inspect", "bridge", "--format", config)
  ).split(" ");
  return gateway ?? subnet.replace(/\d+\/\d+$/, "1");
}

/** Where the function will serve, and its folder, which belongs to no project. */
async function placeOfFunction() {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-e2e-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [address, port] = [await bridgeGateway(), await freePort()];
  return { folder, address, port, url: `http://${address}:${port}` };
}

/** Runs the Node function as a process of this machine, with the project's secret; resolves to its end when it serves. */
async function startFunction(
  { folder, address, port }: Awaited<ReturnType<typeof placeOfFunction>>,
  project: ComposeProject,
): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, "../functions/node-s3/dist/main.mjs")],
    {
      env: {
        WKP_BIND: address,
        WKP_PORT: String(port),
        WKP_STORE: `file://${folder}`,
        WKP_SECRET_FILE: join(project.folder, "secrets/persist_secret"),
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.includes("serving WKP-1")) break;
  }
  child.stdout!.resume();
  return async () => {
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  };
}

/** Runs `weftkit persist` against the first instance of an engine of a project. */
async function persist(
  project: ComposeProject,
  url: string,
  engine: string,
  ...args: string[]
): Promise<string> {
  const where = ["--url", url, "--secret-file", "secrets/persist_secret"];
  const which = ["--subtree", `${project.name}/${engine}/0`];
  const outcome = await run(
    process.execPath,
    [program, "persist", ...args, ...where, ...which],
    project.folder,
  );
  expect(outcome).toMatchObject({ code: 0 });
  return outcome.stdout;
}

testWithDocker(
  "what eight engines hold is there after containers and volumes were removed",
  { timeout: 420_000 },
  async () => {
    const place = await placeOfFunction();
    const names = ["markdown", "relational", "keyvalue", "document", "graph", "filestore", "vector"] as const;
    const ports = await freePorts(...names);
    const engines = ["--engines", ["inmemory", ...names].join()];
    const published = Object.entries(ports).flatMap(([engine, port]) => ["--port", `${engine}=${port}`]);
    const flags = [...engines, ...published, "--persist", "serverless", "--persist-url", place.url];
    const project = await writeProject("serverless", ...flags);
    const { compose, connect } = project;
    await startFunction(place, project);
    await compose("up", "--detach", "--wait");
    const wiki = new Wiki(project, ports.markdown);
    await wiki.write(documentCount);
    const ledger = new Ledger(project, ports.relational);
    await ledger.write(rowCount);
    const shelf = new Shelf(project, ports.keyvalue);
    onTestFinished(() => shelf.close());
    await shelf.write(itemCount);
    const notebook = new Notebook(project, ports.document);
    onTestFinished(() => notebook.close());
    await notebook.write(noteCount);
    const circle = new Circle(project, ports.graph);
    onTestFinished(() => circle.close());
    await circle.write(personCount);
    const warehouse = new Warehouse(project, ports.filestore);
    onTestFinished(() => warehouse.close());
    await warehouse.write(objectCount);
    const landscape = new Landscape(project, ports.vector);
    await landscape.write(vectorCount);
    const before = connect();
    await writeDataset(before, keyCount);
    await connect(5).set("in another database", "yes");
    expect(await differences(before, keyCount)).toEqual([]);
    before.disconnect();

    await compose("down", "--volumes");
    expect(await dockerOutput("volume", "ls", "--quiet", "--filter", `name=${project.name}_`)).toBe("");
    await compose("up", "--detach", "--wait");

    const after = connect();
    expect(await differences(after, keyCount)).toEqual([]);
    expect(await after.dbsize()).toBe(keyCount);
    expect(await connect(5).get("in another database")).toBe("yes");
    expect(await wiki.differences(documentCount)).toEqual([]);
    expect(await ledger.differences(rowCount)).toEqual([]);
    expect(await shelf.differences(itemCount)).toEqual([]);
    expect(await notebook.differences(noteCount)).toEqual([]);
    expect(await circle.differences(personCount)).toEqual([]);
    expect(await warehouse.differences(objectCount)).toEqual([]);
    expect(await landscape.differences(vectorCount)).toEqual([]);
    for (const engine of ["inmemory", ...names]) {
      expect(await persist(project, place.url, engine, "verify", "--all")).toMatch(
        /whole; .* were read back/,
      );
    }
  },
);

testWithDocker(
  "without its function an engine that prefers availability serves from its volume, ends with 75, and pushes what it owes later",
  { timeout: 300_000 },
  async () => {
    const place = await placeOfFunction();
    const project = await writeProject("outage", "--persist", "serverless", "--persist-url", place.url);
    const { name, compose, connect } = project;
    // The default is to wait for the function rather than to serve what another engine may own by now.
    const environment = { WEFTKIT_PERSIST_PREFER: "availability" };
    const override = join(project.folder, "docker-compose.override.yml");
    writeFileSync(override, JSON.stringify({ services: { inmemory: { environment } } }));
    // Nobody serves there yet, and the volume is empty: an empty start could hide a state that is remote.
    // It is asked of the container: compose may report success when the time of --wait-timeout is over.
    await compose("up", "--detach");
    const failedHealthChecks = async () => {
      const checks = await inspect<{ ExitCode: number }[]>(`${name}-inmemory-1`, ".State.Health.Log");
      expect(checks.filter(({ ExitCode }) => ExitCode === 0)).toEqual([]);
      return checks.length;
    };
    await expect.poll(failedHealthChecks, { timeout: 30_000, interval: 500 }).toBeGreaterThanOrEqual(2);
    await expect(connect().ping()).rejects.toThrow();
    const stopFunction = await startFunction(place, project);
    await compose("up", "--detach", "--wait");
    await writeDataset(connect(), 1000);

    await stopFunction();
    const stoppedAtMs = Date.now();
    await connect().set("written meanwhile", "yes");
    await compose("stop");
    expect(await inspect(`${name}-inmemory-1`, ".State.ExitCode")).toBe(75);
    await compose("up", "--detach", "--wait");
    expect(await connect().get("written meanwhile")).toBe("yes");

    await startFunction(place, project);
    const isPushed = async () => {
      const { newest } = JSON.parse(await persist(project, place.url, "inmemory", "status", "--json"));
      return Date.parse(newest?.time ?? 0) > stoppedAtMs;
    };
    await expect.poll(isPushed, { timeout: 90_000, interval: 500 }).toBe(true);
    await compose("down", "--volumes");
    await compose("up", "--detach", "--wait");
    expect(await differences(connect(), 1000)).toEqual([]);
    expect(await connect().get("written meanwhile")).toBe("yes");
  },
);

testWithDocker(
  "the function as a service: a killed engine loses nothing, and restores when its volume is lost",
  async () => {
    const port = await freePort();
    const flags = ["--persist", "serverless", "--persist-function", "--persist-encrypt"];
    const project = await writeProject("function", ...flags, "--persist-port", String(port));
    const { compose, connect } = project;
    const [engine, fn] = [`${project.name}-inmemory-1`, `${project.name}-persist-1`];
    await compose("up", "--detach", "--wait");
    expect(await inspect(fn, ".HostConfig")).toMatchObject({ ReadonlyRootfs: true, Memory: 256 * 1024 ** 2 });
    const before = connect();
    await writeDataset(before, 10_000);
    before.disconnect();
    await dockerOutput("kill", "--signal", "KILL", engine);
    await compose("up", "--detach", "--wait");
    const killed = connect();
    expect(await differences(killed, 10_000)).toEqual([]);
    expect(await killed.dbsize()).toBe(10_000);
    killed.disconnect();

    await compose("stop", "inmemory");
    expect(await inspect(engine, ".State.ExitCode")).toBe(0);
    await compose("rm", "--force", "inmemory");
    await dockerOutput("volume", "rm", `${project.name}_inmemory-data`);
    await compose("up", "--detach", "--wait");
    expect(await differences(connect(), 10_000)).toEqual([]);
    const key = ["--encryption-key-file", "secrets/persist_encryption_key"];
    expect(await persist(project, `http://127.0.0.1:${port}`, "inmemory", "verify", ...key)).toContain(
      "The state is whole",
    );
    await compose("stop");
    expect(await inspect(fn, ".State")).toMatchObject({ ExitCode: 0, OOMKilled: false });
  },
);

testWithDocker("the function's image is small, runs as uid 1000, and says what it needs", async () => {
  const image = `${process.env.REGISTRY ?? "weftkit"}/node-s3:${process.env.TAG ?? "0.1.0"}`;
  expect(await inspect<number>(image, ".Size")).toBeLessThan(130e6);
  expect(await inspect(image, ".Config")).toMatchObject({
    User: "1000:1000",
    StopSignal: "SIGTERM",
    ExposedPorts: { "8787/tcp": {} },
    Volumes: { "/data": {} },
    Healthcheck: { Test: ["CMD", "node", "/app/healthcheck.mjs"] },
  });
  const { code, stderr } = await docker("run", "--rm", image);
  expect(code).toBe(78);
  expect(stderr).toContain("WKP_SECRET");
});
