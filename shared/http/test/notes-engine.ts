import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, Readable } from "node:stream";
import type { Deadline } from "@weftkit/core";
import { type Engine, type EngineContext, type Peer, type RunningImage, startImage } from "@weftkit/host";
import Type from "typebox";
import { onTestFinished } from "vitest";
import {
  type ApiInfo,
  content,
  descriptionPages,
  empty,
  HttpServer,
  json,
  problemKind,
  type Route,
  route,
} from "../src/index.ts";

const noteNotFound = problemKind("note-not-found", 404, "The note does not exist");
const strict = { additionalProperties: false };

const info: ApiInfo = {
  title: "Notes",
  version: "1",
  description: "Notes on a board.\n\nThey stick.",
  prefix: "/v1",
  tags: { notes: "Everything about `notes`." },
};

/** Keeps notes; one route for every kind of body and answer. */
export class NotesEngine implements Engine<"markdown"> {
  #http!: HttpServer;
  readonly #notes = new Map<string, string>();
  /** Resolved when a request waits at /slow. */
  readonly waiting = Promise.withResolvers<AbortSignal>();
  readonly release = Promise.withResolvers<void>();

  async open(context: EngineContext<"markdown">): Promise<void> {
    const routes = this.#routes();
    this.#http = new HttpServer({
      context,
      routes,
      prefix: "/v1",
      ratePerSecond: context.section.rate_limit,
      corsOrigins: context.section.cors_origins,
      bodyIdleMs: 300,
      pages: descriptionPages(routes, info),
    });
    await this.#http.open();
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#http.accept(socket, peer);
  }

  refuse(socket: Duplex): void {
    this.#http.refuse(socket);
  }

  close(deadline: Deadline): Promise<void> {
    return this.#http.close(deadline);
  }

  #routes(): Route[] {
    const id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200, description: "The note." }) });
    const none = Type.Object({}, strict);
    const noteForm = { "application/json": Type.Object({ text: Type.String() }) };
    const base = {
      tag: "notes",
      problems: [noteNotFound],
      responses: { 200: { description: "Done.", content: noteForm } },
    };
    const ofNote = { ...base, path: "/notes/{id...}", params: id, query: none };
    return [
      route({
        ...ofNote,
        method: "PUT",
        operation: "putNote",
        summary: "Write a note",
        access: { action: "write", object: (params) => params.id },
        body: {
          "application/json": {
            kind: "json",
            bytesMax: 2 * 1024 ** 2,
            schema: Type.Object(
              { text: Type.String(), stars: Type.Optional(Type.Integer({ minimum: 1, maximum: 5 })) },
              strict,
            ),
          },
          "text/plain": { kind: "text", bytesMax: 100 },
        },
        handle: ({ params, body }) => {
          this.#notes.set(params.id, body.type === "text/plain" ? body.value : body.value.text);
          return json(200, { id: params.id });
        },
      }),
      route({
        ...ofNote,
        method: "GET",
        operation: "getNote",
        summary: "Read a note",
        access: { action: "read", object: (params) => params.id },
        handle: ({ params }) => {
          const note = this.#notes.get(params.id);
          if (note === undefined) throw noteNotFound(`there is no note ${params.id}`);
          return content(200, "text/plain; charset=utf-8", note);
        },
      }),
      route({
        ...ofNote,
        method: "DELETE",
        operation: "deleteNote",
        summary: "Take a note off",
        access: { action: "write", object: (params) => params.id },
        handle: ({ params }) => {
          this.#notes.delete(params.id);
          return empty(204);
        },
      }),
      route({
        ...base,
        path: "/notes",
        method: "GET",
        operation: "listNotes",
        summary: "List the notes",
        access: { action: "read" },
        params: none,
        query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })) }, strict),
        handle: ({ query, user }) =>
          json(200, { limit: query.limit ?? "none", user: user.user, roles: user.roles }),
      }),
      route({
        ...base,
        path: "/count",
        method: "POST",
        operation: "countBytes",
        summary: "Count bytes",
        access: { action: "read" },
        params: none,
        query: none,
        body: { "application/octet-stream": { kind: "stream", bytesMax: 1024 ** 2 } },
        handle: async ({ body }) => {
          let bytes = 0;
          for await (const chunk of body.value) bytes += chunk.length;
          return json(200, { bytes });
        },
      }),
      route({
        ...base,
        path: "/slow",
        method: "GET",
        operation: "wait",
        summary: "Wait",
        access: { action: "read" },
        params: none,
        query: none,
        handle: async ({ signal }) => {
          this.waiting.resolve(signal);
          await this.release.promise;
          return json(200, { waited: true });
        },
      }),
      route({
        ...base,
        path: "/broken",
        method: "GET",
        operation: "fail",
        summary: "Fail",
        access: { action: "admin" },
        params: none,
        query: none,
        handle: () => {
          throw new TypeError("secret details");
        },
      }),
      route({
        ...base,
        path: "/stream",
        method: "GET",
        operation: "stream",
        summary: "Stream",
        access: { action: "read" },
        params: none,
        query: none,
        handle: () => content(200, "text/plain", Readable.from(["a", "b", "c"])),
      }),
    ];
  }
}

export interface Notes {
  readonly engine: NotesEngine;
  readonly image: RunningImage;
  readonly log: string[];
  /** A request to the engine. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** The notes behind a real port, until the test has finished. */
export async function startNotes(
  options: { auth?: Record<string, unknown>; markdown?: Record<string, unknown> } = {},
): Promise<Notes> {
  const { auth = { method: "none" }, markdown = {} } = options;
  const dataDir = mkdtempSync(join(tmpdir(), "weftkit-http-"));
  const engine = new NotesEngine();
  const log: string[] = [];
  const image = await startImage(
    { name: "markdown", version: "1", create: () => engine },
    {
      config: {
        server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, log_level: "debug" },
        auth,
        markdown: { port: 0, ...markdown },
      },
      logStream: { write: (line) => void log.push(line) },
    },
  );
  onTestFinished(async () => {
    engine.release.resolve();
    await image.stop().catch(() => {});
    rmSync(dataDir, { recursive: true, force: true });
  });
  const call = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${image.port}${path}`, init);
  return { engine, image, log, call };
}
