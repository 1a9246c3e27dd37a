import { afterAll } from "vitest";
import { RunningEngine } from "./running-engine.ts";

// The tests of the protocol once more, through Node's own streams: they serve where the native sockets are not built.
RunningEngine.hasNativeSockets = false;
afterAll(() => {
  RunningEngine.hasNativeSockets = true;
});

await import("./protocol-disconnect.test.ts");
await import("./protocol-packets.test.ts");
await import("./protocol-requests.test.ts");
await import("./protocol-slow-reader.test.ts");
