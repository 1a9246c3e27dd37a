import { validation } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import { boolean, listOf, string, structure } from "./shapes.ts";

/** Members of CreateTable, UpdateTable and RestoreTableFromBackup that order what one engine does not have: refused, rather than left out in silence. */

const oneRegion = "there is one copy of a table, in one place";
const noVectors = "vectors are searched by weftkit/vector";

const reasons: Readonly<Record<string, string>> = {
  GlobalTableSourceArn: oneRegion,
  GlobalTableSettingsReplicationMode: oneRegion,
  GlobalTableWitnessUpdates: oneRegion,
  MultiRegionConsistency: oneRegion,
  DisassociationProtectionEnabled: oneRegion,
  VectorIndexes: noVectors,
  VectorIndexUpdates: noVectors,
  VectorIndexOverride: noVectors,
};

export const absentInCreateTable: Members = {
  GlobalTableSourceArn: string,
  GlobalTableSettingsReplicationMode: string,
  VectorIndexes: listOf(structure("VectorIndex", {})),
};

export const absentInUpdateTable: Members = {
  GlobalTableSettingsReplicationMode: string,
  GlobalTableWitnessUpdates: listOf(structure("GlobalTableWitnessGroupUpdate", {})),
  MultiRegionConsistency: string,
  DisassociationProtectionEnabled: boolean,
  VectorIndexUpdates: listOf(structure("VectorIndexUpdate", {})),
};

export const absentInRestore: Members = { VectorIndexOverride: listOf(structure("VectorIndex", {})) };

/** @throws AwsError ValidationException that names the first of them in the request */
export function requireNoAbsentMembers(input: object): void {
  const name = Object.keys(input).find((member) => Object.hasOwn(reasons, member));
  if (name !== undefined) throw validation(`${name} is not supported by this endpoint: ${reasons[name]}`);
}
