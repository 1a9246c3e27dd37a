import { AwsV4Signer } from "aws4fetch";

export interface AwsRequest {
  readonly method: string;
  readonly url: string;
  readonly service: "dynamodb" | "s3";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The headers of a request, signed by a user's name and password (Signature Version 4). */
export async function signAws(
  { user, password }: { readonly user: string; readonly password: string },
  { headers = {}, ...request }: AwsRequest,
): Promise<Record<string, string>> {
  const signer = new AwsV4Signer({
    ...request,
    headers: { ...headers },
    // Where everybody may do everything, requests are signed all the same.
    accessKeyId: user === "" ? "none" : user,
    secretAccessKey: password === "" ? "none" : password,
    region: "us-east-1",
    allHeaders: true,
  });
  const signed = await signer.sign();
  return Object.fromEntries(signed.headers as unknown as Iterable<[string, string]>);
}
