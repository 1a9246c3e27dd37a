import type { Duplex } from "node:stream";
import {
  type ConnectionInjector,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type MethodDefinition,
  Metadata as NewMetadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  status,
} from "@grpc/grpc-js";
import type { Deadline } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { VectorError, type VectorErrorCode } from "../errors.ts";
import type { Caller } from "./caller.ts";
import type { Proto } from "./proto-files.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages are what protobufjs makes of a file that is read when the engine starts
export type Message = any;

export type Unary = (caller: Caller, request: Message) => Promise<object> | object;
/** For methods that anybody may call, and that are not about vectors. */
export type Open = (request: Message) => object;
export type ClientStream = (caller: Caller, requests: AsyncIterable<Message>) => Promise<object>;
export type Duplexed = (request: Message) => object;

/** What does a service's methods, by name. */
export interface ServiceHandlers {
  readonly unary?: Readonly<Record<string, Unary>>;
  readonly open?: Readonly<Record<string, Open>>;
  readonly clientStream?: Readonly<Record<string, ClientStream>>;
  /** Each message of the client is answered by one. */
  readonly duplex?: Readonly<Record<string, Duplexed>>;
  /** Answered by one message, and then kept open. */
  readonly watch?: Readonly<Record<string, Open>>;
}

export interface GrpcServerOptions {
  readonly log: Logger;
  /** @throws VectorError */
  readonly identify: (authorization: string | undefined, address: string) => Promise<Caller["user"]>;
  readonly finished: (method: string, code: string, seconds: number) => void;
}

export const messageBytesMax = 64 * 1024 * 1024;

const statusOf: Readonly<Record<VectorErrorCode, status>> = {
  invalid_argument: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  already_exists: status.ALREADY_EXISTS,
  permission_denied: status.PERMISSION_DENIED,
  unauthenticated: status.UNAUTHENTICATED,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  failed_precondition: status.FAILED_PRECONDITION,
  unimplemented: status.UNIMPLEMENTED,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  unavailable: status.UNAVAILABLE,
  internal: status.INTERNAL,
};

/** gRPC, on connections that the host has accepted. */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  #running = 0;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#server = new Server({
      "grpc.max_receive_message_length": messageBytesMax,
      "grpc.max_send_message_length": messageBytesMax,
      "grpc.enable_channelz": 0,
      // Stops a peer that is gone without a word from being kept for ever.
      "grpc.keepalive_time_ms": 120_000,
      "grpc.keepalive_timeout_ms": 20_000,
    });
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  get running(): number {
    return this.#running;
  }

  /** Serves a service of a file. Methods that nobody does are answered UNIMPLEMENTED. */
  add({ root }: Proto, serviceName: string, handlers: ServiceHandlers): void {
    const service = root.lookupService(serviceName);
    const definition: Record<string, MethodDefinition<Message, Message>> = {};
    const implementation: Record<string, never> = {};
    for (const method of service.methodsArray) {
      const { name } = method;
      const requestType = root.lookupType(method.resolvedRequestType?.fullName ?? method.requestType);
      const responseType = root.lookupType(method.resolvedResponseType?.fullName ?? method.responseType);
      const path = `/${serviceName}/${name}`;
      definition[name] = {
        path,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: (message: Message) => Buffer.from(requestType.encode(message as object).finish()),
        requestDeserialize: (bytes: Buffer) => requestType.decode(bytes),
        responseSerialize: (message: Message) => {
          const bytes = responseType.encode(message as object).finish();
          return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        },
        responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
      };
      const handler = this.#handler(path, name, handlers);
      if (handler !== undefined) implementation[name] = handler as never;
    }
    this.#server.addService(definition, implementation);
  }

  accept(socket: Duplex): void {
    this.#injector.injectConnection(socket);
  }

  /** Lets calls that run end, for a while. */
  async close(deadline: Deadline): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const timer = setTimeout(() => this.#server.forceShutdown(), Math.min(5000, deadline.remainingMs()));
    await closed;
    clearTimeout(timer);
  }

  #handler(path: string, name: string, handlers: ServiceHandlers): unknown {
    const unary = handlers.unary?.[name];
    if (unary !== undefined) {
      const handle: handleUnaryCall<Message, Message> = (call, callback) => {
        void this.#run(path, call, async () => unary(await this.#caller(call), call.request)).then(
          (response) => callback(null, response),
          (error: unknown) => callback(error as Error),
        );
      };
      return handle;
    }
    const open = handlers.open?.[name];
    if (open !== undefined) {
      const handle: handleUnaryCall<Message, Message> = (call, callback) => {
        void this.#run(path, call, async () => open(call.request)).then(
          (response) => callback(null, response),
          (error: unknown) => callback(error as Error),
        );
      };
      return handle;
    }
    const clientStream = handlers.clientStream?.[name];
    if (clientStream !== undefined) {
      const handle: handleClientStreamingCall<Message, Message> = (call, callback) => {
        void this.#run(path, call, async () =>
          clientStream(await this.#caller(call), call as unknown as AsyncIterable<Message>),
        ).then(
          (response) => callback(null, response),
          (error: unknown) => callback(error as Error),
        );
      };
      return handle;
    }
    const duplex = handlers.duplex?.[name];
    if (duplex !== undefined) {
      const handle: handleBidiStreamingCall<Message, Message> = (call) => {
        call.on("data", (request: Message) => call.write(duplex(request)));
        call.on("end", () => call.end());
        call.on("error", () => {});
      };
      return handle;
    }
    const watch = handlers.watch?.[name];
    if (watch === undefined) return undefined;
    return (call: ServerDuplexStream<Message, Message> & { request: Message }) => {
      call.on("error", () => {});
      call.write(watch(call.request));
    };
  }

  async #caller(
    call: ServerUnaryCall<Message, Message> | ServerReadableStream<Message, Message>,
  ): Promise<Caller> {
    return { user: await this.#options.identify(tokenOf(call.metadata), call.getPeer()) };
  }

  async #run<T>(path: string, _call: unknown, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    this.#running++;
    let code = "OK";
    try {
      return await work();
    } catch (error) {
      const told = this.#told(error, path);
      code = status[told.code];
      throw Object.assign(new Error(told.details), told);
    } finally {
      this.#running--;
      this.#options.finished(path, code, (performance.now() - startedMs) / 1000);
    }
  }

  #told(error: unknown, method: string): { code: status; details: string; metadata: Metadata } {
    const metadata = new NewMetadata();
    if (error instanceof VectorError) return { code: statusOf[error.code], details: error.message, metadata };
    this.#options.log.error({ err: error, method }, "a call failed");
    return { code: status.INTERNAL, details: "the call failed in the engine; its log says why", metadata };
  }
}

/** The token of a call: a bearer token, or what clients of Qdrant call an API key. */
function tokenOf(metadata: Metadata): string | undefined {
  const [authorization] = metadata.get("authorization");
  if (authorization !== undefined) return String(authorization);
  const [key] = metadata.get("api-key");
  return key === undefined ? undefined : `Bearer ${String(key)}`;
}
