import { json, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { bounds } from "../registry/instance.ts";
import type { ApiContext } from "./context.ts";
import { instanceJson, instanceSchema, noParams, noQuery, strict } from "./schemas.ts";
import { eventId } from "./watch.ts";

const isSettled = Type.Boolean({
  description:
    "False for a moment after the node's start, when it may not have heard of everybody yet: who knows of more keeps it.",
});

export function getGroupRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/groups/{group}",
    operation: "getGroup",
    tag: "Groups",
    summary: "Who is in a group",
    description: "Those that are passing or suspected, by id. A group that nobody is in is empty.",
    access: { action: "read" },
    params: Type.Object({ group: Type.String({ minLength: 1, maxLength: bounds.nameCharsMax }) }),
    query: Type.Object(
      {
        engine: Type.Optional(Type.String({ maxLength: bounds.nameCharsMax })),
        state: Type.Optional(Type.Enum(["passing", "suspect"])),
      },
      strict,
    ),
    responses: {
      200: {
        description: "The instances.",
        content: {
          "application/json": Type.Object({
            group: Type.String(),
            instances: Type.Array(instanceSchema),
            isSettled,
            index: Type.String({ description: "What is newer than this is told by `/watch`, after it." }),
          }),
        },
      },
    },
    problems: [],
    handle: ({ params, query, user }) => {
      const { engine, state } = query;
      const instances = api.registry
        .ofGroup(params.group)
        .filter(({ instance }) => engine === undefined || instance.engine === engine)
        .filter((record) => state === undefined || record.state === state)
        .filter(({ instance }) => user.can("read", instance.id));
      return json(200, {
        group: params.group,
        instances: instances.map((record) => instanceJson(record)),
        isSettled: api.registry.isSettled(api.nowMs()),
        index: eventId(api),
      });
    },
  });
}

export function listGroupsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/groups",
    operation: "listGroups",
    tag: "Groups",
    summary: "List groups",
    description: "Those that somebody is in, in lower case.",
    access: { action: "read" },
    params: noParams,
    query: noQuery,
    responses: {
      200: {
        description: "The groups.",
        content: {
          "application/json": Type.Object({
            groups: Type.Array(
              Type.Object({ name: Type.String(), passing: Type.Integer(), suspect: Type.Integer() }),
            ),
            isSettled,
          }),
        },
      },
    },
    problems: [],
    handle: ({ user }) => {
      const groups = api.registry.groups().flatMap((name) => {
        const members = api.registry.ofGroup(name).filter(({ instance }) => user.can("read", instance.id));
        if (members.length === 0) return [];
        const passing = members.filter(({ state }) => state === "passing").length;
        return [{ name, passing, suspect: members.length - passing }];
      });
      return json(200, { groups, isSettled: api.registry.isSettled(api.nowMs()) });
    },
  });
}
