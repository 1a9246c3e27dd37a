import { parseArn } from "@weftkit/http-aws";
import { validation } from "../errors.ts";

/** The table that a resource's ARN names; of another kind of resource, or none, the request is refused. */
export function tableOfArn(arn: string | undefined): string {
  if (arn === undefined) throw validation("Invalid TableArn");
  const parsed = parseArn(arn);
  const name = /^table\/([a-zA-Z0-9_.-]{3,255})$/.exec(parsed?.resource ?? "")?.[1];
  if (parsed?.service !== "dynamodb" || name === undefined)
    throw validation(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
  return name;
}
