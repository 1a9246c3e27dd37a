import { resourceError, unsupported } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import type { Services } from "../services.ts";
import { namedTable } from "../tables/find-table.ts";
import { indexName, namePattern, string } from "../validation/shapes.ts";
import { type Answer, asItIs, type Operation, operation } from "./operation.ts";
import { wholeEngine } from "./update-continuous-backups.ts";

/**
 * Operations on what one engine does not have: other regions, other services of AWS's. Questions are answered truly
 * (there is none), orders are refused with the reason.
 */

const tableMembers: Members = {
  TableName: { type: "string", required: true, isTable: true, pattern: namePattern, min: 3, max: 255 },
};

interface TableInput {
  readonly TableName: string;
}

/** Asks about a table, which must exist. */
function aboutTable(name: string, answer: (table: string) => Answer, more: Members = {}): Operation {
  return operation<TableInput, TableInput>({
    name,
    members: { ...tableMembers, ...more },
    action: "read",
    tables: ({ TableName }) => [TableName],
    prepare: asItIs,
    run: ({ catalog }: Services, { TableName }) => {
      namedTable(catalog, TableName);
      return answer(TableName);
    },
  });
}

function fixed(name: string, answer: object): Operation {
  return operation<object, object>({
    name,
    members: {},
    action: "read",
    prepare: asItIs,
    run: () => answer,
  });
}

/** Asks for one of which there are none. */
function notFound(name: string, member: string, code: string, what: string): Operation {
  return operation<Record<string, string>, Record<string, string>>({
    name,
    members: { [member]: { ...string, required: true } },
    action: "read",
    prepare: asItIs,
    run: (_, input) => {
      throw resourceError(code, `${what} not found: ${input[member]}`);
    },
  });
}

function refused(name: string, reason: string): Operation {
  return operation<object, object>({
    name,
    members: {},
    action: "schema",
    prepare: asItIs,
    run: () => {
      throw unsupported(name, reason);
    },
  });
}

/** Needs what UpdateContinuousBackups does not turn on. */
function noPointInTime(name: string): Operation {
  return operation<object, object>({
    name,
    members: {},
    action: "schema",
    prepare: asItIs,
    run: () => {
      throw resourceError(
        "PointInTimeRecoveryUnavailableException",
        `Point in time recovery is not enabled for this table: ${wholeEngine}`,
      );
    },
  });
}

const oneRegion = "there is one copy of a table, in one place";
const noS3 = "tables are copied with the engine's own state: see `weftkit persist`";
const noKinesis = "changes are read from the table's stream";
const noPolicies = "rights come from the engine's users and roles";
const noInsights = "requests are counted in the engine's metrics";

export const absentFeatures: readonly Operation[] = [
  fixed("ListGlobalTables", { GlobalTables: [] }),
  notFound("DescribeGlobalTable", "GlobalTableName", "GlobalTableNotFoundException", "Global table"),
  notFound("DescribeGlobalTableSettings", "GlobalTableName", "GlobalTableNotFoundException", "Global table"),
  refused("CreateGlobalTable", oneRegion),
  refused("UpdateGlobalTable", oneRegion),
  refused("UpdateGlobalTableSettings", oneRegion),
  aboutTable("DescribeTableReplicaAutoScaling", (TableName) => ({
    TableAutoScalingDescription: { TableName, TableStatus: "ACTIVE", Replicas: [] },
  })),
  refused("UpdateTableReplicaAutoScaling", oneRegion),
  fixed("ListExports", { ExportSummaries: [] }),
  notFound("DescribeExport", "ExportArn", "ExportNotFoundException", "Export"),
  noPointInTime("ExportTableToPointInTime"),
  fixed("ListImports", { ImportSummaryList: [] }),
  notFound("DescribeImport", "ImportArn", "ImportNotFoundException", "Import"),
  refused("ImportTable", noS3),
  noPointInTime("RestoreTableToPointInTime"),
  aboutTable("DescribeKinesisStreamingDestination", (TableName) => ({
    TableName,
    KinesisDataStreamDestinations: [],
  })),
  refused("EnableKinesisStreamingDestination", noKinesis),
  refused("DisableKinesisStreamingDestination", noKinesis),
  refused("UpdateKinesisStreamingDestination", noKinesis),
  fixed("ListContributorInsights", { ContributorInsightsSummaries: [] }),
  aboutTable(
    "DescribeContributorInsights",
    (TableName) => ({
      TableName,
      ContributorInsightsRuleList: [],
      ContributorInsightsStatus: "DISABLED",
    }),
    { IndexName: indexName },
  ),
  refused("UpdateContributorInsights", noInsights),
  notFound("GetResourcePolicy", "ResourceArn", "PolicyNotFoundException", "Resource-based policy"),
  refused("PutResourcePolicy", noPolicies),
  refused("DeleteResourcePolicy", noPolicies),
];
