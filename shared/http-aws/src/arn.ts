/** The account of everything that is stored here: there is only one, and AWS has none of this number. */
export const accountId = "000000000000";

/** A name of a resource: `arn:aws:<service>:<region>:<account>:<resource>`. */
export interface Arn {
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

export function arnOf(service: string, region: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** Undefined when it is not one. */
export function parseArn(text: string): Arn | undefined {
  const [arn, partition, service, region, account, ...resource] = text.split(":");
  if (arn !== "arn" || !partition?.startsWith("aws") || !service || region === undefined || !account)
    return undefined;
  if (resource.length === 0 || resource[0] === "") return undefined;
  return { service, region, account, resource: resource.join(":") };
}
