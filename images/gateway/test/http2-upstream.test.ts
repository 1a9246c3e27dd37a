import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectHttp2, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "./start-gateway.ts";

test("a server that is to drain is rid of connections of HTTP/2 that nobody uses", async () => {
  const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const file = join(temporaryFolder(), "backends.toml");
  const write = (isDraining: boolean) =>
    writeFileSync(
      file,
      `[[backends]]\ntarget = "vector"\naddress = "127.0.0.1:${port}"\ndraining = ${isDraining}\n`,
    );
  write(false);
  const { service } = await startGateway({ backends_file: file, health_interval: "60s" });
  const client = connectHttp2(`http://127.0.0.1:${service.portOf("shared")}`);
  onTestFinished(() => client.destroy());
  let session: ServerHttp2Session | undefined;
  server.on("stream", (stream) => {
    session = stream.session as ServerHttp2Session;
  });
  const stream = client.request({ ":path": "/a.B/C", "content-type": "application/grpc" });
  stream.resume();
  await once(stream, "close");
  expect(session?.closed).toBe(false);
  const ended = once(session!, "close");
  write(true);
  await ended;
  await expect.poll(() => service.status().backends).toMatchObject([{ state: "draining", connections: 0 }]);
});
