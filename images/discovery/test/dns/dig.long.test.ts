import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { startService } from "@weftkit/host";
import { patientMs } from "@weftkit/testing/patience";
import { expect, onTestFinished, test } from "vitest";
import { Discovery } from "../../src/discovery.ts";
import { nextEvent, register, type Said, watch } from "../discovery-program.ts";

const dig = "/usr/bin/dig";

async function start() {
  const running = await startService(
    { name: "discovery", version: "0.1.0", authenticates: true, create: () => new Discovery() },
    {
      config: {
        server: { bind: "127.0.0.1", admin_port: 0, name: "one" },
        auth: { method: "none" },
        discovery: {
          port: 0,
          dns_port: 0,
          heartbeat_interval: "100ms",
          suspect_after: "3s",
          fail_after: "3s",
        },
      },
    },
  );
  onTestFinished(() => running.stop());
  return running.service;
}

/** Registers instances, and again and again, as those do that live. */
function keepRegistered(url: string, instances: readonly (readonly [id: string, said: Said])[]) {
  const all = () => Promise.all(instances.map(([id, said]) => register(url, id, said)));
  let isOver = false;
  const registered = all();
  void (async () => {
    await registered;
    while (!isOver) {
      await all().catch(() => {});
      await setTimeout(500);
    }
  })();
  const stop = () => {
    isOver = true;
  };
  onTestFinished(stop);
  return { registered, stop };
}

async function ask(port: number, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(dig, ["@127.0.0.1", "-p", String(port), ...words]);
  return stdout;
}

test.skipIf(!existsSync(dig))(
  "dig reads all of it, and an instance that is silent is not answered any more",
  { timeout: patientMs(60_000) },
  async () => {
    const { port, dnsPort } = await start();
    const url = `http://127.0.0.1:${port}/v1`;
    const events = watch(url);
    await nextEvent(events, ({ event, data }) => event === "settled" || data.isSettled === true);
    const caches = keepRegistered(
      url,
      Array.from({ length: 120 }, (_, i) => [
        `cache-${i}`,
        { groups: ["many"], endpoint: `10.0.0.${i}:6379`, epoch: 1 },
      ]),
    );
    const database = keepRegistered(url, [
      ["db-0", { groups: ["db"], engine: "relational", endpoint: "[2001:db8::7]:5432" }],
    ]);
    await Promise.all([caches.registered, database.registered]);

    const truncated = await ask(dnsPort, "many.weftkit", "+ignore", "+bufsize=512");
    expect(truncated).toMatch(
      /flags: qr aa tc rd; .*\n[\s\S]*status: NOERROR|status: NOERROR[\s\S]*flags: qr aa tc rd/,
    );
    const whole = await ask(dnsPort, "many.weftkit", "+short");
    expect(whole.trim().split("\n")).toHaveLength(120);
    expect(await ask(dnsPort, "db.weftkit", "AAAA", "+short")).toBe("2001:db8::7\n");
    const service = await ask(dnsPort, "_relational._tcp.db.weftkit", "SRV");
    expect(service).toMatch(/IN\s+SRV\s+0 1 5432 db-0\.db\.weftkit\./);
    expect(service).toMatch(/db-0\.db\.weftkit\.\s+1\s+IN\s+AAAA\s+2001:db8::7/);
    expect(await ask(dnsPort, "db.weftkit", "A")).toMatch(
      /ANSWER: 0, AUTHORITY: 1[\s\S]*IN\s+SOA\s+ns\.weftkit\./,
    );
    expect(await ask(dnsPort, "nothing.weftkit")).toMatch(/status: NXDOMAIN/);
    expect(await ask(dnsPort, "example.com")).toMatch(/status: REFUSED/);
    expect(await ask(dnsPort, "many.weftkit", "+edns=1", "+noednsneg")).toMatch(/status: BADVERS/);
    for (const output of [truncated, service]) expect(output).not.toMatch(/malformed|parser|extra bytes/i);

    caches.stop();
    await nextEvent(events, ({ event, data }) => event === "gone" && data.id === "cache-119");
    await expect
      .poll(() => ask(dnsPort, "many.weftkit"), { timeout: patientMs(10_000) })
      .toMatch(/status: NXDOMAIN/);
    expect(await ask(dnsPort, "db.weftkit", "AAAA", "+short")).toBe("2001:db8::7\n");
    await events.return(undefined);
  },
);
