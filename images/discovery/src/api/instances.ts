import { empty, json, type Problem, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { idTaken, instanceNotFound, instanceTooLarge, olderEpoch, registryFull } from "../problems.ts";
import {
  bounds,
  defaultGroup,
  type Instance,
  type InstanceRecord,
  instanceStates,
} from "../registry/instance.ts";
import { encodeRecord, recordBytesMax } from "../registry/record-codec.ts";
import type { Refusal } from "../registry/registry.ts";
import type { ApiContext } from "./context.ts";
import {
  epoch,
  instanceJson,
  instanceParams,
  instanceSchema,
  type Registration,
  registration,
  strict,
} from "./schemas.ts";

const bodyBytesMax = 16 * 1024;
const listLimitMax = 1000;
/** What a home's name and numbers may add to a record later. */
const spareBytes = 160;

const registered = Type.Object({
  instance: instanceSchema,
  heartbeatMs: Type.Integer({ description: "How often it is to send a heartbeat." }),
});

export function registerRoute(api: ApiContext): Route {
  return route({
    method: "PUT",
    path: "/instances/{id}",
    operation: "registerInstance",
    tag: "Instances",
    summary: "Register an instance",
    description:
      "What is sent takes the place of what was known. It counts as a heartbeat, so an instance may do nothing but this. An instance that failed or left is passing again.",
    access: { action: "write", object: ({ id }) => id },
    params: instanceParams,
    query: Type.Object({}, strict),
    body: { "application/json": { kind: "json", schema: registration, bytesMax: bodyBytesMax } },
    responses: { 200: { description: "It is known.", content: { "application/json": registered } } },
    problems: [olderEpoch, idTaken, instanceTooLarge, registryFull],
    handle: ({ params, body }) => {
      const instance = instanceOf(params.id, body.value as Registration);
      requireSize(instance);
      return answer(api, api.registry.register(instance, api.nowMs()));
    },
  });
}

export function heartbeatRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/instances/{id}/heartbeat",
    operation: "heartbeat",
    tag: "Instances",
    summary: "Say that an instance is still there",
    description: "Answers 404 when the instance is not known (any more): it registers again then.",
    access: { action: "write", object: ({ id }) => id },
    params: instanceParams,
    query: Type.Object({ epoch: Type.Optional(epoch) }, strict),
    responses: { 200: { description: "It is passing.", content: { "application/json": registered } } },
    problems: [instanceNotFound, olderEpoch],
    handle: ({ params, query }) => {
      const result = api.registry.heartbeat(params.id, query.epoch ?? 0, api.nowMs());
      if (result === undefined) throw notFound(params.id);
      return answer(api, result);
    },
  });
}

export function deregisterRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/instances/{id}",
    operation: "deregisterInstance",
    tag: "Instances",
    summary: "Say that an instance goes",
    access: { action: "write", object: ({ id }) => id },
    params: instanceParams,
    query: Type.Object({ epoch: Type.Optional(epoch) }, strict),
    responses: { 204: { description: "It has left." } },
    problems: [instanceNotFound],
    handle: ({ params, query }) => {
      if (!api.registry.deregister(params.id, query.epoch, api.nowMs())) throw notFound(params.id);
      return empty(204);
    },
  });
}

export function getInstanceRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/instances/{id}",
    operation: "getInstance",
    tag: "Instances",
    summary: "Get an instance",
    access: { action: "read", object: ({ id }) => id },
    params: instanceParams,
    query: Type.Object({}, strict),
    responses: { 200: { description: "The instance.", content: { "application/json": instanceSchema } } },
    problems: [instanceNotFound],
    handle: ({ params }) => {
      const known = api.registry.get(params.id);
      if (known === undefined) throw notFound(params.id);
      return json(200, instanceJson(known.record, known.sinceMs));
    },
  });
}

export function listInstancesRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/instances",
    operation: "listInstances",
    tag: "Instances",
    summary: "List instances",
    description: "By id, those that failed or left included.",
    access: { action: "read" },
    params: Type.Object({}, strict),
    query: Type.Object(
      {
        engine: Type.Optional(Type.String({ maxLength: bounds.nameCharsMax })),
        group: Type.Optional(Type.String({ maxLength: bounds.nameCharsMax })),
        state: Type.Optional(Type.Enum([...instanceStates])),
        after: Type.Optional(
          Type.String({ maxLength: bounds.idCharsMax, description: "`next` of the page before." }),
        ),
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: listLimitMax, description: "How many at most. Default: 100." }),
        ),
      },
      strict,
    ),
    responses: {
      200: {
        description: "The instances.",
        content: {
          "application/json": Type.Object({
            instances: Type.Array(instanceSchema),
            next: Type.Union([Type.String(), Type.Null()], {
              description: "For `after` of the next page; null when this is the last.",
            }),
          }),
        },
      },
    },
    problems: [],
    handle: ({ query, user }) => {
      const { engine, group, state, after = "", limit = 100 } = query;
      const found = api.registry
        .all()
        .filter(({ record: { instance, state: is } }) => {
          return (
            instance.id > after &&
            (engine === undefined || instance.engine === engine) &&
            (group === undefined || isIn(instance, group)) &&
            (state === undefined || is === state) &&
            user.can("read", instance.id)
          );
        })
        .sort((one, other) => (one.record.instance.id < other.record.instance.id ? -1 : 1));
      const page = found.slice(0, limit);
      return json(200, {
        instances: page.map(({ record, sinceMs }) => instanceJson(record, sinceMs)),
        next: found.length > limit ? page.at(-1)!.record.instance.id : null,
      });
    },
  });
}

/** Whether an instance is in a group; the case of letters does not count. */
export function isIn({ groups }: Instance, group: string): boolean {
  const wanted = group.toLowerCase();
  return groups.some((one) => one.toLowerCase() === wanted);
}

/** @throws Problem `invalid-request` for an endpoint that is none. */
function instanceOf(id: string, said: Registration): Instance {
  const colon = said.endpoint.lastIndexOf(":");
  const host = said.endpoint.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(said.endpoint.slice(colon + 1));
  if (port < 1 || port > 65_535) {
    throw problems.invalidRequest(`${said.endpoint} has no port from 1 to 65535`, {
      errors: [{ pointer: "/endpoint", in: "body", detail: "has no port from 1 to 65535" }],
    });
  }
  return Object.freeze({
    id,
    engine: said.engine,
    protocol: said.protocol ?? "tcp",
    host,
    port,
    groups: Object.freeze([...(said.groups ?? [defaultGroup])]),
    role: said.role ?? "primary",
    weight: said.weight ?? 1,
    tls: said.tls ?? false,
    draining: said.draining ?? false,
    epoch: said.epoch ?? 0,
    metadata: Object.freeze({ ...said.metadata }),
  });
}

/** @throws Problem for an instance that would not fit into the nodes' messages. */
function requireSize(instance: Instance): void {
  const bytes = encodeRecord({ instance, state: "passing", sequence: 0, home: "" }).length + spareBytes;
  if (bytes <= recordBytesMax) return;
  throw instanceTooLarge(
    `the instance has ${bytes - recordBytesMax} bytes too many: say less in metadata, or take shorter names`,
  );
}

function answer(api: ApiContext, result: InstanceRecord | Refusal) {
  if ("reason" in result) throw refusal(result);
  return json(200, { instance: instanceJson(result), heartbeatMs: api.heartbeatMs });
}

/** The problem of what was not taken. */
function refusal(refused: Refusal): Problem {
  switch (refused.reason) {
    case "full":
      return registryFull("as many instances are known as max_instances allows");
    case "older_epoch": {
      const { epoch, id } = refused.known.instance;
      return olderEpoch(`${id} has started again since, with epoch ${epoch} (${refused.known.state})`);
    }
    case "id_taken": {
      const { id, host, port } = refused.known.instance;
      return idTaken(
        `${id} is the instance at ${host}:${port}; send a higher epoch if this is a restart of it`,
      );
    }
  }
}

function notFound(id: string): Problem {
  return instanceNotFound(`there is no instance ${id}; register it with PUT /v1/instances/${id}`);
}
