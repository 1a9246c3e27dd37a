import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";

/** A real broker on a folder and a port of the test's own, which can be killed and started again. */
export interface RealBroker {
  readonly address: string;
  readonly port: number;
  start(): Promise<void>;
  /** As a power failure would, but for the disk. */
  kill(): Promise<void>;
}

/** `command` is run anew at each start; it is ready when `isReady` of its port does not reject. */
function broker(
  port: number,
  command: () => { readonly file: string; readonly args: readonly string[]; readonly cwd: string },
  isReady: (port: number) => Promise<void>,
): RealBroker {
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return {
    address: `127.0.0.1:${port}`,
    port,
    kill,
    start: async () => {
      const { file, args, cwd } = command();
      const started = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
      child = started;
      let said = "";
      for (const stream of [started.stdout, started.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
          said = (said + text).slice(-4000);
        });
      const ended = once(started, "exit").then(([code]) => {
        throw new Error(`${file} ended with ${code}: ${said}`);
      });
      const tries = async () => {
        while (started.exitCode === null && started.signalCode === null) {
          try {
            return await isReady(port);
          } catch {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      };
      await Promise.race([tries(), ended]);
      ended.catch(() => {});
    },
  };
}

/** Resolves when somebody listens. */
async function accepts(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** Why Redis is not there; `apt-get install redis-server` brings it. */
export const redisMissing =
  spawnSync("redis-server", ["--version"]).status === 0 ? undefined : "redis-server is not installed";

/** With every write on the disk before it is answered. */
export async function realRedis(): Promise<RealBroker> {
  const cwd = temporaryFolder();
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", cwd, "--save", ""];
  args.push("--appendonly", "yes", "--appendfsync", "always");
  return broker(port, () => ({ file: "redis-server", args, cwd }), accepts);
}

const natsServer = [
  "nats-server",
  join(process.env.GOPATH ?? join(homedir(), "go"), "bin", "nats-server"),
].find((file) => spawnSync(file, ["--version"]).status === 0);
export const natsMissing =
  natsServer === undefined
    ? "nats-server is not installed: go install github.com/nats-io/nats-server/v2@v2.15.2"
    : undefined;

export async function realNats(): Promise<RealBroker> {
  const cwd = temporaryFolder();
  const port = await freePort();
  const file = join(cwd, "nats.conf");
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${cwd}/store", sync_interval: always }\nauthorization { user: app, password: "only for this test" }\n`,
  );
  return broker(port, () => ({ file: natsServer!, args: ["-c", file], cwd }), accepts);
}

const kafkaPrograms = join(import.meta.dirname, "kafka", "target", "dependency");
export const kafkaMissing =
  existsSync(kafkaPrograms) && spawnSync("java", ["-version"]).status === 0
    ? undefined
    : "Kafka is not installed: mvn -f shared/cdc/test/kafka/pom.xml dependency:copy-dependencies";

/** One node in KRaft mode. */
export async function realKafka(): Promise<RealBroker> {
  const cwd = temporaryFolder();
  const port = await freePort();
  const controllerPort = await freePort();
  const properties = join(cwd, "server.properties");
  const settings = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "log.dirs": join(cwd, "logs"),
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "num.partitions": 3,
    "message.max.bytes": 200_000,
    "group.initial.rebalance.delay.ms": 0,
  };
  writeFileSync(
    properties,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const classPath = globSync(join(kafkaPrograms, "*.jar")).join(":");
  const java = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath];
  java.push("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
  const format = spawnSync(
    "java",
    [...java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", properties],
    { cwd, encoding: "utf8" },
  );
  if (format.status !== 0) throw new Error(`Kafka's storage: ${format.stdout}${format.stderr}`);
  return broker(port, () => ({ file: "java", args: [...java, "kafka.Kafka", properties], cwd }), accepts);
}
