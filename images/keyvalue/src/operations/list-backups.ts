import { backupArn, readBackupArn } from "../backups/backup-arn.ts";
import { listBackups as listRows } from "../backups/backup-rows.ts";
import { backupSummary } from "../backups/describe-backup.ts";
import { type ListBackupsInput, listMembers } from "../validation/backups.ts";
import { asItIs, operation } from "./operation.ts";

const limitDefault = 100;

export const listBackups = operation<ListBackupsInput, ListBackupsInput>({
  name: "ListBackups",
  members: listMembers,
  action: "read",
  prepare: asItIs,
  run({ reads }, input, { region, user }) {
    const { Limit: limit = limitDefault, ExclusiveStartBackupArn: start, BackupType: type = "USER" } = input;
    if (type !== "USER" && type !== "ALL") return { BackupSummaries: [] };
    const filter = {
      tableName: input.TableName,
      afterId: start === undefined ? undefined : readBackupArn(start).id,
      fromMs: (input.TimeRangeLowerBound ?? 0) * 1000,
      beforeMs: (input.TimeRangeUpperBound ?? Number.MAX_SAFE_INTEGER / 1000) * 1000,
    };
    return reads.read((db) => {
      const all = listRows(db, filter).filter(({ definition }) => user.can("read", definition.name));
      const page = all.slice(0, limit);
      return {
        BackupSummaries: page.map((backup) => backupSummary(backup, region)),
        ...(all.length > limit && { LastEvaluatedBackupArn: backupArn(region, page.at(-1)!) }),
      };
    });
  },
});
