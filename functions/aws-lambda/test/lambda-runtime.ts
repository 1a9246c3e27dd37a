// What Lambda's own Node runtime does with a function: asks the Runtime API for the next event, calls the handler, gives its
// answer back. HANDLER_FILE is the bundle.
const { AWS_LAMBDA_RUNTIME_API, HANDLER_FILE } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

type Handler = (event: unknown) => Promise<unknown>;

async function load(): Promise<Handler> {
  try {
    return ((await import(HANDLER_FILE!)) as { handler: Handler }).handler;
  } catch (error) {
    await fetch(`${api}/init/error`, { method: "POST", body: describe(error) });
    process.exit(1);
  }
}

function describe(error: unknown): string {
  const { name, message } = error as Error;
  return JSON.stringify({ errorType: name, errorMessage: message, stackTrace: [] });
}

const handler = await load();
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const event = await next.json();
  try {
    const body = JSON.stringify(await handler(event));
    await fetch(`${api}/invocation/${id}/response`, { method: "POST", body });
  } catch (error) {
    await fetch(`${api}/invocation/${id}/error`, { method: "POST", body: describe(error) });
  }
}
