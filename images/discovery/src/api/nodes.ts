import { addressOf } from "@weftkit/backends";
import { json, type Route, route } from "@weftkit/http";
import Type from "typebox";
import type { ApiContext } from "./context.ts";
import { noParams, noQuery } from "./schemas.ts";

export function listNodesRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/nodes",
    operation: "listNodes",
    tag: "Nodes",
    summary: "List the nodes of discovery itself",
    description: "As the node that is asked knows them; itself first.",
    access: { action: "read" },
    params: noParams,
    query: noQuery,
    responses: {
      200: {
        description: "The nodes.",
        content: {
          "application/json": Type.Object({
            nodes: Type.Array(
              Type.Object({
                name: Type.String(),
                state: Type.Enum(["alive", "suspect", "failed", "left"]),
                address: Type.Union([Type.String(), Type.Null()], {
                  description: "Of its gossip; null for the node that answers.",
                }),
              }),
            ),
          }),
        },
      },
    },
    problems: [],
    handle: () => {
      const others = (api.gossip?.members() ?? []).map(({ name, state, address }) => {
        return { name, state, address: addressOf(address) };
      });
      return json(200, { nodes: [{ name: api.node, state: "alive", address: null }, ...others] });
    },
  });
}
