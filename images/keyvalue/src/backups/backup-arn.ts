import { parseArn } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import { resourceError, validation } from "../errors.ts";
import { tableArn } from "../tables/describe.ts";
import { type Backup, findBackup } from "./backup-rows.ts";

export function backupArn(region: string, { definition, id }: Backup): string {
  return `${tableArn(region, definition.name)}/backup/${id}`;
}

/** The parts of a backup's ARN. */
export function readBackupArn(arn: string): { readonly tableName: string; readonly id: string } {
  const parsed = parseArn(arn);
  const match = /^table\/([a-zA-Z0-9_.-]+)\/backup\/([0-9]+-[0-9a-f]+)$/.exec(parsed?.resource ?? "");
  if (parsed?.service !== "dynamodb" || match === null) throw validation(`Invalid BackupArn: ${arn}`);
  return { tableName: match[1]!, id: match[2]! };
}

/** @throws AwsError BackupNotFoundException */
export function requireBackup(db: Database, arn: string): Backup {
  const { tableName, id } = readBackupArn(arn);
  const backup = findBackup(db, tableName, id);
  if (backup === undefined) throw resourceError("BackupNotFoundException", `Backup not found: ${arn}`);
  return backup;
}
