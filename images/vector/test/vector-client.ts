import { join } from "node:path";
import {
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// biome-ignore lint/suspicious/noExplicitAny: messages are looked at member by member
export type Message = any;

type Method = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, response: Message) => void,
) => Message;
type ServiceClient = Client & Record<string, Method>;

const definition = loadPackageDefinition(
  loadSync(join(import.meta.dirname, "../proto/weftkit_vec.proto"), {
    keepCase: true,
    longs: Number,
    defaults: true,
    enums: String,
  }),
) as Message;

/** A client made of the .proto file, as a user of @grpc/grpc-js makes one. */
export class VectorClient {
  readonly service: ServiceClient;
  readonly #metadata = new Metadata();

  constructor(
    address: string,
    options: {
      readonly token?: string;
      readonly channel?: ChannelCredentials;
      readonly grpc?: ClientOptions;
    } = {},
  ) {
    const { token, channel = credentials.createInsecure(), grpc = {} } = options;
    if (token !== undefined) this.#metadata.set("authorization", `Bearer ${token}`);
    this.service = new definition.weftkit.vector.v1.VectorService(address, channel, {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      ...grpc,
    }) as ServiceClient;
  }

  /** @throws ServiceError */
  call(name: string, request: object = {}): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.service[name]!(request, this.#metadata, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
  }

  /** What a call fails with. */
  async failure(name: string, request: object = {}): Promise<ServiceError> {
    return this.call(name, request).then(
      () => {
        throw new Error(`${name} did not fail`);
      },
      (error: ServiceError) => error,
    );
  }

  upsert(collection: string, vectors: readonly object[]): Promise<Message> {
    return this.call("UpsertVectors", { collection, vectors });
  }

  async search(collection: string, vector: ArrayLike<number>, more: object = {}): Promise<Message[]> {
    const { matches } = await this.call("SearchVectors", {
      collection,
      vector: Array.from(vector),
      top_k: 10,
      ...more,
    });
    return matches as Message[];
  }

  close(): void {
    this.service.close();
  }
}
