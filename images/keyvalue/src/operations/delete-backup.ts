import { readBackupArn, requireBackup } from "../backups/backup-arn.ts";
import { deleteBackupRow } from "../backups/backup-rows.ts";
import { backupDescription } from "../backups/describe-backup.ts";
import { resourceError } from "../errors.ts";
import { arnMembers, type BackupArnInput } from "../validation/backups.ts";
import { changeCatalog } from "./change-catalog.ts";
import { asItIs, operation } from "./operation.ts";

export const deleteBackup = operation<BackupArnInput, BackupArnInput>({
  name: "DeleteBackup",
  members: arnMembers,
  action: "schema",
  tables: ({ BackupArn }) => [readBackupArn(BackupArn).tableName],
  prepare: asItIs,
  frees: () => true,
  async run(services, { BackupArn }, { region }) {
    const { catalog, background } = services;
    const answer = await changeCatalog(services, (db) => {
      const backup = requireBackup(db, BackupArn);
      const isRead = [...catalog.tables()].some(
        (table) => table.isBeingRestored && table.definition.restore?.backup === backup.number,
      );
      if (isRead || backup.state === "creating") {
        throw resourceError(
          "BackupInUseException",
          `Backup is being used by another operation: ${BackupArn}`,
        );
      }
      deleteBackupRow(db, backup);
      return { BackupDescription: backupDescription(backup, region, "DELETED") };
    });
    background.wake();
    return answer;
  },
});
