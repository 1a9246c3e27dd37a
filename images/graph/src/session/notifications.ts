/** Something a client is told about its query beside the result. */
export interface Notification {
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly severity: "WARNING" | "INFORMATION";
  readonly category: string;
  readonly gqlStatus: string;
  readonly statusDescription: string;
  readonly position?: { readonly offset: number; readonly line: number; readonly column: number } | undefined;
}

/** Some value that an aggregate was given was null. */
export const nullInAggregate: Notification = {
  code: "Neo.ClientNotification.Statement.AggregationSkippedNull",
  title: "The query contains an aggregation function that skips null values.",
  description: "The query contains an aggregation function that skips null values.",
  severity: "WARNING",
  category: "UNRECOGNIZED",
  gqlStatus: "01G11",
  statusDescription: "warn: null value eliminated in set function",
};
