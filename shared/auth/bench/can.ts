// How long SecurityContext.can takes: `node shared/auth/bench/can.ts`. The limit is 100 ns without patterns.
import { performance } from "node:perf_hooks";
import { builtInRoles, contextOf } from "../src/roles.ts";

const rounds = 20_000_000;
const patterns = { name: "reporting", allow: ["connect", "read"], deny: ["read:salaries*"] };
const contexts = {
  "read, no pattern": contextOf("u", [builtInRoles.get("read")!]),
  "read, one denied pattern": contextOf("u", [patterns]),
};

for (const [name, context] of Object.entries(contexts)) {
  let granted = 0;
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (context.can(round & 1 ? "read" : "write", "orders")) granted++;
  }
  const ns = ((performance.now() - startedMs) * 1e6) / rounds;
  console.log(`${name}: ${ns.toFixed(1)} ns (${granted} granted)`);
}
