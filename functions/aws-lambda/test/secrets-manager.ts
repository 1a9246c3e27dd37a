import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Versions of one secret by their stages; a stage that is taken away is not there. */
export type Stages = Partial<Record<"AWSCURRENT" | "AWSPREVIOUS", string>>;

/** Secrets Manager with one secret, as GetSecretValue gives it, until the test has finished; resolves to its address. */
export async function startSecretsManager(id: string, stages: Stages): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const asked = JSON.parse(body) as { readonly SecretId: string; readonly VersionStage: keyof Stages };
    const { authorization = "", "x-amz-target": target, "content-type": type } = request.headers;
    const isSigned = /^AWS4-HMAC-SHA256 Credential=.*\/secretsmanager\/aws4_request, /.test(authorization);
    const isAsked = target === "secretsmanager.GetSecretValue" && type === "application/x-amz-json-1.1";
    const value = asked.SecretId === id ? stages[asked.VersionStage] : undefined;
    const fails = (name: string) => response.writeHead(400).end(JSON.stringify({ __type: name }));
    if (!isSigned || !isAsked) fails("InvalidRequestException");
    else if (value === undefined) fails("ResourceNotFoundException");
    else response.end(JSON.stringify({ ARN: id, SecretString: value, VersionStages: [asked.VersionStage] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
