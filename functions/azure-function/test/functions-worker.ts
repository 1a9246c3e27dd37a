// What the worker of Azure Functions does with an app of the v4 programming model: gives it the host's side of the API where it
// requires "@azure/functions-core", loads its main file, and calls what it registers with messages as the host sends them.
// APP_FILE is the bundle. Requests come by HTTP, as to the host, of which this has the route prefix "" and anonymous access.
import { createServer, type IncomingMessage } from "node:http";
import Module from "node:module";
import type { AddressInfo } from "node:net";

/** Of the host's messages (FunctionRpc.proto) what is used here. */
interface TypedData {
  readonly bytes?: Uint8Array;
  readonly string?: string;
  readonly http?: HttpData;
}

interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly params?: Record<string, string>;
  readonly body?: TypedData;
  readonly statusCode?: string;
}

interface Metadata {
  readonly name: string;
  readonly bindings: Record<string, { readonly type: string; readonly direction: string }>;
}

type Callback = (...inputs: unknown[]) => unknown;

interface InvocationModel {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: Callback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: TypedData }>;
}

interface ProgrammingModel {
  getCapabilities(capabilities: object): Promise<object>;
  getInvocationModel(context: object): InvocationModel;
}

let model: ProgrammingModel | undefined;
const registered: { readonly metadata: Metadata; readonly callback: Callback }[] = [];

const core = {
  version: "test",
  hostVersion: "4.1047.0",
  workerVersion: "3.12.0",
  setProgrammingModel: (set: ProgrammingModel) => {
    model = set;
  },
  getProgrammingModel: () => model,
  registerFunction: (metadata: Metadata, callback: Callback) => {
    registered.push({ metadata, callback });
    return { dispose: () => {} };
  },
  registerHook: () => ({ dispose: () => {} }),
  log: () => {},
  Disposable: class {
    dispose(): void {}
  },
};

// As the worker itself does it, for modules of both kinds.
const { prototype } = Module as unknown as { prototype: { require(id: string): unknown } };
const requireOriginal = prototype.require;
prototype.require = function (this: unknown, id: string): unknown {
  return id === "@azure/functions-core" ? core : requireOriginal.call(this, id);
};

await import(process.env.APP_FILE!);
if (model === undefined || registered.length !== 1) throw new Error("the app has registered no function");
const loaded: ProgrammingModel = model;
await loaded.getCapabilities({});
const [{ metadata, callback }] = registered as [(typeof registered)[number]];
let invocations = 0;

async function invoke(request: IncomingMessage, body: Buffer): Promise<HttpData> {
  const { method, url = "/", headers } = request;
  const full = new URL(url, "http://weftkit-state.azurewebsites.net");
  const data: HttpData = {
    method: method!,
    url: full.href,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    query: Object.fromEntries(full.searchParams),
    params: { path: full.pathname.slice(1) },
    ...(body.length > 0 && { body: { bytes: body } }),
  };
  const trigger = Object.entries(metadata.bindings).find(([, { type }]) => type === "httpTrigger")![0];
  const invocation = loaded.getInvocationModel({
    invocationId: String(++invocations),
    metadata,
    request: { inputData: [{ name: trigger, data: { http: data } }] },
    log: () => {},
    state: undefined,
  });
  const { context, inputs } = await invocation.getArguments();
  const { returnValue } = await invocation.getResponse(
    context,
    await invocation.invokeFunction(context, inputs, callback),
  );
  return returnValue!.http!;
}

const server = createServer(async (request, response) => {
  try {
    const { statusCode, headers, body } = await invoke(request, Buffer.concat(await request.toArray()));
    response.writeHead(Number(statusCode), headers);
    response.end(body?.bytes ?? body?.string);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ msg: "listening", port: (server.address() as AddressInfo).port }));
});
