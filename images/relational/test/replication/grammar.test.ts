import { expect, test } from "vitest";
import { parseReplication } from "../../src/replication/grammar.ts";

const slot = {
  kind: "create slot",
  name: "s",
  plugin: "pgoutput",
  isTemporary: false,
  snapshot: "export",
  twoPhase: false,
  failover: false,
};

test.each([
  ["IDENTIFY_SYSTEM", { kind: "identify" }],
  ["identify_system;", { kind: "identify" }],
  ["READ_REPLICATION_SLOT s", { kind: "read slot", name: "s" }],
  ["CREATE_REPLICATION_SLOT s LOGICAL pgoutput", slot],
  ['CREATE_REPLICATION_SLOT "s" LOGICAL "pgoutput" NOEXPORT_SNAPSHOT', { ...slot, snapshot: "nothing" }],
  [
    "CREATE_REPLICATION_SLOT S TEMPORARY LOGICAL PGOUTPUT USE_SNAPSHOT",
    { ...slot, isTemporary: true, snapshot: "use" },
  ],
  ["CREATE_REPLICATION_SLOT s LOGICAL pgoutput (SNAPSHOT 'export')", { ...slot, snapshot: "export" }],
  [
    `CREATE_REPLICATION_SLOT "s" LOGICAL pgoutput (TWO_PHASE, SNAPSHOT 'nothing', FAILOVER false)`,
    { ...slot, twoPhase: true, snapshot: "nothing" },
  ],
  ["DROP_REPLICATION_SLOT s", { kind: "drop slot", name: "s", waits: false }],
  ['DROP_REPLICATION_SLOT "s" WAIT', { kind: "drop slot", name: "s", waits: true }],
  ["START_REPLICATION SLOT s LOGICAL 0/0", { kind: "start", name: "s", lsn: 0n, options: [] }],
  [
    `START_REPLICATION SLOT "s" LOGICAL 1/2A (proto_version '1', publication_names '"a""b",c''d', messages)`,
    {
      kind: "start",
      name: "s",
      lsn: 0x1_0000_002an,
      options: [
        ["proto_version", "1"],
        ["publication_names", `"a""b",c'd`],
        ["messages", null],
      ],
    },
  ],
])("%s", (text, command) => expect(parseReplication(text)).toEqual(command));

test.each(["SELECT 1", "SHOW wal_level", "BEGIN", "", "create table identify_system (a int)"])(
  "%j is SQL",
  (text) => expect(parseReplication(text)).toBeUndefined(),
);

test.each([
  ["CREATE_REPLICATION_SLOT s", "42601"],
  ["CREATE_REPLICATION_SLOT s LOGICAL pgoutput (SNAPSHOT 'x')", "42601"],
  ["CREATE_REPLICATION_SLOT s PHYSICAL", "0A000"],
  ["START_REPLICATION 0/0", "0A000"],
  ["START_REPLICATION SLOT s LOGICAL", "42601"],
  ["START_REPLICATION SLOT s LOGICAL 0/0 (a 'b'", "42601"],
  ["DROP_REPLICATION_SLOT s WAIT more", "42601"],
  ["IDENTIFY_SYSTEM 'unended", "42601"],
  ["BASE_BACKUP", "0A000"],
])("%s is refused", (text, code) =>
  expect(() => parseReplication(text)).toThrow(expect.objectContaining({ code }) as Error),
);
