import { readBackupArn, requireBackup } from "../backups/backup-arn.ts";
import { backupDescription, statusOf } from "../backups/describe-backup.ts";
import { arnMembers, type BackupArnInput } from "../validation/backups.ts";
import { asItIs, operation } from "./operation.ts";

export const describeBackup = operation<BackupArnInput, BackupArnInput>({
  name: "DescribeBackup",
  members: arnMembers,
  action: "read",
  tables: ({ BackupArn }) => [readBackupArn(BackupArn).tableName],
  prepare: asItIs,
  run: ({ reads }, { BackupArn }, { region }) =>
    reads.read((db) => {
      const backup = requireBackup(db, BackupArn);
      return { BackupDescription: backupDescription(backup, region, statusOf(backup)) };
    }),
});
