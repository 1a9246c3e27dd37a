import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import type { Message, ServiceHandlers } from "./grpc-server.ts";
import type { Proto } from "./proto-files.ts";

interface DescribedFile {
  readonly name: string;
  readonly dependency: readonly string[];
  readonly bytes: Uint8Array;
}

interface FileMessage {
  name: string;
  package?: string;
  dependency?: string[];
  syntax?: string;
}

const notFound = 5;
const unimplemented = 12;

/** `grpc.reflection`: tells tools which services there are, and what their messages look like. */
export class Reflection {
  readonly #files = new Map<string, DescribedFile>();
  /** The file of each full name of a service, method, message or enum. */
  readonly #symbols = new Map<string, string>();
  readonly #services: string[] = [];

  /** Adds what a file defines. */
  add({ name, root, needs }: Proto): void {
    const set = (root as unknown as { toDescriptor(syntax: string): { file: FileMessage[] } }).toDescriptor(
      "proto3",
    );
    for (const file of set.file) {
      const isOwn = file.package !== "google.protobuf";
      // One file is made of each package, without a word of what it needs.
      file.name = isOwn ? name : needs!;
      file.dependency = isOwn && needs !== undefined ? [needs] : [];
      const bytes = descriptor.FileDescriptorProto.encode(file as never).finish();
      this.#files.set(file.name, { name: file.name, dependency: file.dependency, bytes });
      const namespace = root.lookup(file.package ?? "");
      if (namespace instanceof protobuf.Namespace) this.#addSymbols(namespace, file.name);
    }
  }

  handlers(): ServiceHandlers {
    return { duplex: { ServerReflectionInfo: (request) => this.#answer(request) } };
  }

  #addSymbols(namespace: protobuf.NamespaceBase, file: string): void {
    for (const one of namespace.nestedArray) {
      const name = one.fullName.slice(1);
      if (one instanceof protobuf.Service) {
        this.#services.push(name);
        for (const method of one.methodsArray) this.#symbols.set(`${name}.${method.name}`, file);
      } else if (!(one instanceof protobuf.Type) && !(one instanceof protobuf.Enum)) continue;
      this.#symbols.set(name, file);
      if (one instanceof protobuf.Type) this.#addSymbols(one, file);
    }
  }

  #answer(request: Message): object {
    const answer = (rest: object) => ({
      valid_host: request.host as string,
      original_request: request,
      ...rest,
    });
    switch (request.message_request) {
      case "list_services":
        return answer({ list_services_response: { service: this.#services.map((name) => ({ name })) } });
      case "file_by_filename":
        return answer(this.#describe(request.file_by_filename as string));
      case "file_containing_symbol":
        return answer(this.#describe(this.#symbols.get(request.file_containing_symbol as string)));
      default:
        return answer(failure(unimplemented, "there are no extensions"));
    }
  }

  /** A file, and those that it needs. */
  #describe(name: string | undefined): object {
    if (name === undefined || !this.#files.has(name))
      return failure(notFound, "there is no such file or name");
    const wanted = new Set([name]);
    for (const one of wanted) for (const needed of this.#files.get(one)?.dependency ?? []) wanted.add(needed);
    const files = [...wanted].flatMap((one) => this.#files.get(one)?.bytes ?? []);
    return { file_descriptor_response: { file_descriptor_proto: files } };
  }
}

function failure(code: number, message: string): object {
  return { error_response: { error_code: code, error_message: message } };
}
