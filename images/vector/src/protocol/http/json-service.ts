import protobuf from "protobufjs";
import { invalid, unsupported } from "../../errors.ts";
import { isObject } from "../../model/json.ts";
import type { Caller } from "../caller.ts";
import type { Message, ServiceHandlers } from "../grpc-server.ts";
import type { Proto } from "../proto-files.ts";
import { objectOfStruct, structOf } from "../weftkit/struct.ts";

const structType = ".google.protobuf.Struct";

/**
 * The native service over HTTP: `POST /v1/<method>` (or gRPC's own path) with the request's message as JSON, as protobuf's JSON
 * mapping has it; names are told as the file writes them, and read in both spellings.
 */
export class JsonService {
  readonly #name: string;
  readonly #methods = new Map<string, protobuf.Method>();
  readonly #handlers: ServiceHandlers;

  constructor({ root }: Proto, name: string, handlers: ServiceHandlers) {
    this.#name = name;
    this.#handlers = handlers;
    for (const method of root.lookupService(name).methodsArray) this.#methods.set(method.name, method);
  }

  /** The method that a path names. */
  methodOf(path: readonly string[]): string | undefined {
    const [prefix, method = "", ...rest] = path;
    if (rest.length > 0 || (prefix !== "v1" && prefix !== this.#name)) return undefined;
    return this.#methods.has(method) ? method : undefined;
  }

  async call(caller: Caller, name: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { resolvedRequestType, resolvedResponseType } = this.#methods.get(name)!;
    const handler = this.#handlers.unary?.[name];
    if (handler === undefined) throw unsupported(`${name} over HTTP; over gRPC it`);
    const request = messageOf(resolvedRequestType!, body);
    return jsonOf(resolvedResponseType!, (await handler(caller, request)) as Message);
  }
}

/** A message of JSON. @throws VectorError for a member that the message does not have */
function messageOf(type: protobuf.Type, body: unknown): Message {
  if (!isObject(body)) throw invalid(`${type.name} is an object`);
  const object: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (value === null) continue;
    const field = fieldOf(type, name);
    if (field === undefined) throw invalid(`${type.name} has no member ${JSON.stringify(name)}`);
    object[field.name] = fieldValueOf(field, value);
  }
  const fault = type.verify(object);
  if (fault !== null) throw invalid(`${type.name}: ${fault}`);
  return type.fromObject(object);
}

function fieldOf(type: protobuf.Type, name: string): protobuf.Field | undefined {
  const own = (one: string) => (Object.hasOwn(type.fields, one) ? type.fields[one] : undefined);
  return own(name) ?? own(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function fieldValueOf(field: protobuf.Field, value: unknown): unknown {
  const one = (element: unknown) => {
    if (field.resolvedType instanceof protobuf.Type) {
      if (field.resolvedType.fullName !== structType) return messageOf(field.resolvedType, element);
      if (!isObject(element)) throw invalid(`${field.name} is an object`);
      return structOf(element);
    }
    if (field.resolvedType instanceof protobuf.Enum && typeof element === "string") {
      const number = field.resolvedType.values[element];
      if (number === undefined)
        throw invalid(`${field.name} is one of ${Object.keys(field.resolvedType.values).join(", ")}`);
      return number;
    }
    return element;
  };
  if (field.map) {
    if (!isObject(value)) throw invalid(`${field.name} is an object`);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, one(member)]));
  }
  if (!field.repeated) return one(value);
  if (!Array.isArray(value)) throw invalid(`${field.name} is a list`);
  return (value as unknown[]).map(one);
}

/** What a message tells, with all that has a value of its own or a usual one. */
function jsonOf(type: protobuf.Type, message: Message): unknown {
  const object: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name] as unknown;
    if (value === undefined || value === null) {
      if (field.map) object[field.name] = {};
      else if (field.repeated) object[field.name] = [];
      else if (!field.hasPresence && !(field.resolvedType instanceof protobuf.Type))
        object[field.name] = field.defaultValue;
      continue;
    }
    if (field.map) {
      object[field.name] = Object.fromEntries(
        Object.entries(value as object).map(([key, member]) => [key, jsonValueOf(field, member)]),
      );
    } else if (field.repeated) {
      object[field.name] = Array.from(value as ArrayLike<unknown>, (member) => jsonValueOf(field, member));
    } else {
      object[field.name] = jsonValueOf(field, value);
    }
  }
  return object;
}

function jsonValueOf(field: protobuf.Field, value: unknown): unknown {
  if (!(field.resolvedType instanceof protobuf.Type)) return value;
  return field.resolvedType.fullName === structType
    ? objectOfStruct(value)
    : jsonOf(field.resolvedType, value);
}
