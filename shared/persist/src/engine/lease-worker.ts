import { parentPort, workerData } from "node:worker_threads";
import { EndpointClient } from "../client/endpoint-client.ts";
import type { EndpointClientOptions } from "../client/options.ts";
import { LeaseRenewer } from "./lease-renewer.ts";
import { LeaseTimes } from "./lease-times.ts";
import { writeOwners } from "./owners.ts";

/** What the thread is given; it is stopped by any message, and answers with who the head may name. */
export interface LeaseWorkerData {
  readonly connection: Pick<EndpointClientOptions, "url" | "subtree" | "keys" | "timeoutMs">;
  readonly epoch: number;
  readonly owner: string;
  readonly leaseMs: number;
  readonly times: SharedArrayBuffer;
  readonly ownersPath: string;
}

const { connection, times, ownersPath, ...lease } = workerData as LeaseWorkerData;
// The next renewal is the next attempt.
const retry = { attemptsMax: 2, firstWaitMsMax: 200, waitMsMax: 200 };
const endpoint = new EndpointClient({ ...connection, retry });
const renewer = new LeaseRenewer({
  ...lease,
  endpoint,
  times: new LeaseTimes(times),
  note: (owners) => writeOwners(ownersPath, owners),
  tell: (event) => parentPort!.postMessage(event),
});
parentPort!.once("message", async () => {
  const owners = await renewer.stop();
  endpoint.close();
  parentPort!.postMessage({ type: "stopped", owners });
  parentPort!.close();
});
