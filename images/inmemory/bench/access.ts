// How long the check of rights takes per command: `node images/inmemory/bench/access.ts`. The limit is 100 ns for
// users whose roles name no patterns.
import { performance } from "node:perf_hooks";
import type { SecurityContext } from "@weftkit/auth";
import { Access } from "../src/command-table/access.ts";
import { Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { Args } from "../src/protocol/args.ts";

const rounds = 20_000_000;
const registry = new Registry(commandFamilies);
const [get, set] = [registry.byName("get")!, registry.byName("set")!];
const args = new Args();
args.load(["set", "shop:1", "value"].map((word) => Buffer.from(word)));

const users: Record<string, SecurityContext> = {
  "no patterns": { user: "u", roles: [], can: () => true, scope: () => "all" },
  patterns: {
    user: "u",
    roles: [],
    can: (_action, key = "") => key.startsWith("shop:"),
    scope: () => "some",
  },
};
for (const [name, user] of Object.entries(users)) {
  const access = new Access(user, registry);
  let denied = 0;
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (access.denial(round & 1 ? get : set, args) !== undefined) denied++;
  }
  const ns = ((performance.now() - startedMs) * 1e6) / rounds;
  console.log(`${name}: ${ns.toFixed(1)} ns (${denied} denied)`);
}
