import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { freePorts } from "@weftkit/testing/free-ports";
import { expect, test } from "vitest";
import { discovery } from "../src/description.ts";
import { DiscoveryProgram, watch } from "./discovery-program.ts";

/** Ten minutes and more by this; the usual is short. */
const seconds = Number(process.env.WEFTKIT_DISCOVERY_LOAD_SECONDS ?? 12);
const instances = 500;

function residentBytes(pid: number): number {
  const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

/** A request, and its status. */
function send(agent: Agent, port: number, method: string, path: string, body?: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const headers = {
    "content-length": body?.length ?? 0,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  request({ agent, port, host: "127.0.0.1", method, path: `/v1${path}`, headers }, (answer) => {
    answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
  })
    .on("error", () => resolve(0))
    .end(body);
  return promise;
}

test(
  `memory stays where it is while ${instances} instances come, beat and go for ${seconds} s`,
  { timeout: (seconds + 60) * 1000 },
  async () => {
    const ports = await freePorts("port", "gossipPort");
    const node = await new DiscoveryProgram("node-0", ports, {
      WEFTKIT_DISCOVERY_REMEMBER: "1s",
      NODE_OPTIONS: "--max-old-space-size=96",
    }).ready();
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const watchers = Array.from({ length: 10 }, () => watch(node.url));
    const watching = watchers.map(async (events) => {
      // It ends with the node.
      for await (const _ of events);
    });
    const watched = Promise.allSettled(watching);
    let sent = 0;
    let failed = 0;
    const round = async (number: number) => {
      const work = Array.from({ length: instances }, async (_, index) => {
        const id = `i-${index}`;
        const body = JSON.stringify({
          engine: "inmemory",
          endpoint: `10.0.0.1:${1 + index}`,
          groups: [`g-${index % 20}`],
          epoch: number,
        });
        // A third starts again, a third goes, the others beat.
        const statuses = [await send(agent, ports.port, "PUT", `/instances/${id}`, body)];
        if (index % 3 === 0) statuses.push(await send(agent, ports.port, "DELETE", `/instances/${id}`));
        else
          statuses.push(await send(agent, ports.port, "POST", `/instances/${id}/heartbeat?epoch=${number}`));
        sent += statuses.length;
        failed += statuses.filter((status) => status !== 200 && status !== 204).length;
      });
      await Promise.all(work);
    };
    const endMs = performance.now() + seconds * 1000;
    for (let number = 1; performance.now() < endMs; number++) {
      await round(number);
      // The limit of its container.
      expect(residentBytes(node.child.pid!)).toBeLessThan(discovery.memoryBytes);
    }
    expect(sent).toBeGreaterThan(instances);
    expect(failed).toBe(0);
    await node.kill();
    await watched;
    agent.destroy();
  },
);
