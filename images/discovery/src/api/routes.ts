import type { ApiInfo, Route } from "@weftkit/http";
import { weftkitVersion } from "../identity.ts";
import type { ApiContext } from "./context.ts";
import { getGroupRoute, listGroupsRoute } from "./groups.ts";
import {
  deregisterRoute,
  getInstanceRoute,
  heartbeatRoute,
  listInstancesRoute,
  registerRoute,
} from "./instances.ts";
import { listNodesRoute } from "./nodes.ts";
import { watchRoute } from "./watch.ts";

export const prefix = "/v1";

/** Every operation. */
export function routesOf(api: ApiContext): Route[] {
  return [
    registerRoute,
    heartbeatRoute,
    deregisterRoute,
    getInstanceRoute,
    listInstancesRoute,
    getGroupRoute,
    listGroupsRoute,
    watchRoute,
    listNodesRoute,
  ].map((make) => make(api));
}

export const info: ApiInfo = {
  title: "weftkit/discovery",
  version: weftkitVersion,
  description:
    "Who is there: instances register and send heartbeats; who asks gets those that are well.\n\nSend a token with every request: `Authorization: Bearer TOKEN`, where the token is a JSON Web Token, or a configured user's `user:password`. Errors are problem details (RFC 9457) whose `type` says what kind they are.",
  prefix,
  tags: {
    Instances: "What runs. Registering needs a role that allows `write`.",
    Groups: "Instances that stand in for each other.",
    Watch: "Changes as they happen.",
    Nodes: "Discovery's own nodes.",
  },
};
