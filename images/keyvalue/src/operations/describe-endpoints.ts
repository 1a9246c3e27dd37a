import { asItIs, operation } from "./operation.ts";

const cacheMinutes = 1440;

/** For clients that discover endpoints: this is the only one. */
export const describeEndpoints = operation<object, object>({
  name: "DescribeEndpoints",
  members: {},
  action: "read",
  prepare: asItIs,
  run: (_services, _input, { host }) => ({
    Endpoints: [{ Address: host, CachePeriodInMinutes: cacheMinutes }],
  }),
});
