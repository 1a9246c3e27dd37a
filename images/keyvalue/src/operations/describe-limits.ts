import { asItIs, operation } from "./operation.ts";

/** AWS's own quotas; nothing is limited by them here. */
export const describeLimits = operation<object, object>({
  name: "DescribeLimits",
  members: {},
  action: "read",
  prepare: asItIs,
  run: () => ({
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  }),
});
