import { type Static, Type } from "typebox";
import type { FileVersions } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, loginOf, operation } from "../console.ts";
import { HttpConnection } from "../http/http-connection.ts";
import { restConsole } from "../http/rest-console.ts";
import { signAws } from "../http/sign-aws.ts";
import { readVersions } from "./versions-xml.ts";

const onlyThese = { additionalProperties: false } as const;
const versionsSchema = Type.Object(
  {
    bucket: Type.String({ minLength: 3, maxLength: 63 }),
    key: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  onlyThese,
);

/** Files over REST; what REST does not have, the list of an object's versions, over S3. Their bytes: see transfers.ts. */
export const filestoreConsole: Console = {
  ...restConsole,
  versions: operation(versionsSchema, versions),
};

async function versions(call: Call<Static<typeof versionsSchema>>): Promise<FileVersions> {
  const { bucket, key } = call.body;
  const connection = await HttpConnection.of(call);
  // A space as %20: what a plus is, signatures and S3 do not agree about.
  const path = `/${encodeURIComponent(bucket)}?versions=&prefix=${encodeURIComponent(key)}&max-keys=200`;
  const headers = await signAws(loginOf(call), {
    method: "GET",
    url: `${connection.origin}${path}`,
    service: "s3",
  });
  const answer = await connection.ask({ path, headers, signal: call.signal });
  if (answer.status !== 200) {
    const engineCode = /<Code>([^<]*)<\/Code>/.exec(answer.text)?.[1] ?? String(answer.status);
    const message =
      /<Message>([^<]*)<\/Message>/.exec(answer.text)?.[1] ?? `the engine answered ${answer.status}`;
    throw new PlaygroundError("engine_refused", message, { engineCode });
  }
  return { versions: readVersions(answer.text).filter((one) => one.key === key) };
}
