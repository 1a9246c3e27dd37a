import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { onTestFinished } from "vitest";

/** What Lambda takes and gives of one invocation, as the JSON that it is ("Lambda quotas"). */
const payloadBytesMax = 6 * 1024 * 1024;
/** What comes with one of these types is handed over as text, anything else as base64. */
const textTypes = /^(?:text\/|application\/(?:json|xml|javascript))/;
/** Instances, of which each serves one request at a time. */
const instances = 4;

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly response: ServerResponse;
}

interface Result {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/**
 * Lambda, as far as a function behind a function URL sees it: events of payload format 2.0, the Runtime API, instances of one
 * request each, and the limits of payloads. Until the test has finished.
 */
export class LambdaService {
  /** The function URL. */
  url = "";
  readonly instances: Program[] = [];
  /** What instances said of themselves when they could not start. */
  readonly initErrors: string[] = [];
  /** The events that were handed over. */
  readonly events: string[] = [];
  readonly #waiting: Invocation[] = [];
  readonly #idle: ServerResponse[] = [];
  readonly #running = new Map<string, Invocation>();

  /** Starts instances of the bundled function in `file` with these variables. */
  static async start(file: string, env: Readonly<Record<string, string>>): Promise<LambdaService> {
    const service = new LambdaService();
    const runtimeApi = await listen((request, response) => service.#serveRuntime(request, response));
    service.url = `http://${await listen((request, response) => service.#serveUrl(request, response))}`;
    for (let count = 0; count < instances; count++) {
      const runtime = new Program(join(import.meta.dirname, "lambda-runtime.ts"), {
        env: { AWS_LAMBDA_RUNTIME_API: runtimeApi, HANDLER_FILE: file, ...env },
      });
      service.instances.push(runtime);
    }
    return service;
  }

  async #serveUrl(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const event = JSON.stringify(eventOf(request, Buffer.concat(await request.toArray())));
    if (Buffer.byteLength(event) > payloadBytesMax) {
      response.writeHead(413).end('{"Message":"Request must be smaller than 6291456 bytes"}');
      return;
    }
    this.events.push(event);
    const id = randomUUID();
    const invocation = { id, event, response };
    const idle = this.#idle.shift();
    if (idle === undefined) this.#waiting.push(invocation);
    else this.#hand(invocation, idle);
  }

  async #serveRuntime(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const path = request.url!.replace("/2018-06-01/runtime/", "");
    if (path === "init/error") {
      this.initErrors.push(body.toString());
      response.writeHead(202).end();
      for (const { response: caller } of this.#waiting.splice(0)) badGateway(caller);
      return;
    }
    if (path === "invocation/next") {
      const invocation = this.#waiting.shift();
      if (invocation === undefined) this.#idle.push(response);
      else this.#hand(invocation, response);
      return;
    }
    const [, id, kind] = path.split("/");
    const invocation = this.#running.get(id!)!;
    this.#running.delete(id!);
    const isTooLarge = body.length > payloadBytesMax;
    response.writeHead(isTooLarge ? 413 : 202).end();
    if (kind === "error" || isTooLarge) badGateway(invocation.response);
    else answer(invocation.response, JSON.parse(body.toString()) as Result);
  }

  #hand(invocation: Invocation, runtime: ServerResponse): void {
    this.#running.set(invocation.id, invocation);
    runtime.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": invocation.id,
      "lambda-runtime-deadline-ms": String(Date.now() + 60_000),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:123456789012:function:state",
    });
    runtime.end(invocation.event);
  }
}

/** As the guide has it ("Invoking Lambda function URLs": request payload format). */
function eventOf({ method, url = "/", headers }: IncomingMessage, body: Buffer): object {
  const [rawPath = "/", rawQueryString = ""] = url.split("?");
  const isText = textTypes.test(headers["content-type"] ?? "");
  const parameters = Object.fromEntries(new URLSearchParams(rawQueryString));
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(rawQueryString !== "" && { queryStringParameters: parameters }),
    requestContext: {
      accountId: "anonymous",
      apiId: "abcdefghijklmnopqrstuvwxyz012345",
      domainName: "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws",
      domainPrefix: "abcdefghijklmnopqrstuvwxyz012345",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: "12/Mar/2020:19:03:58 +0000",
      timeEpoch: 1583348638390,
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function answer(response: ServerResponse, { statusCode, headers, body = "", isBase64Encoded }: Result): void {
  response.writeHead(statusCode, headers).end(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
}

function badGateway(response: ServerResponse): void {
  response.writeHead(502).end("Internal Server Error");
}

async function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
