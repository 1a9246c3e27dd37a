import { insertBackup } from "../backups/backup-rows.ts";
import { backupDetails } from "../backups/describe-backup.ts";
import { resourceError } from "../errors.ts";
import { type CreateBackupInput, createMembers } from "../validation/backups.ts";
import { changeCatalog } from "./change-catalog.ts";
import { asItIs, operation } from "./operation.ts";

export const createBackup = operation<CreateBackupInput, CreateBackupInput>({
  name: "CreateBackup",
  members: createMembers,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  async run(services, { TableName: name, BackupName }, { region, nowMs }) {
    const { catalog, background } = services;
    const answer = await changeCatalog(services, (db) => {
      const table = catalog.get(name);
      if (table === undefined) throw resourceError("TableNotFoundException", `Table not found: ${name}`);
      if (table.definition.copiedTo !== undefined || table.isBeingRestored) {
        throw resourceError(
          "BackupInUseException",
          "There is another ongoing conflicting backup control plane operation on the table. The backup is either being created, deleted or restored to a table.",
        );
      }
      const backup = insertBackup(db, table, BackupName, nowMs);
      catalog.replace(db, table, { ...table.definition, copiedTo: backup.number });
      return { BackupDetails: backupDetails(backup, region, "CREATING") };
    });
    background.wake();
    return answer;
  },
});
