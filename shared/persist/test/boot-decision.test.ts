import { describe, expect, test } from "vitest";
import { type BootFindings, decideBoot } from "../src/engine/boot-decision.ts";

const [one, two, other] = ["1", "2", "f"].map((digit) => digit.repeat(64)) as [string, string, string];

function found(changes: {
  local?: { seq: number; manifest: string | null } | "data only" | "nothing";
  remote?: { seq: number; manifest: string };
  tried?: string[];
  restoreOnBoot?: BootFindings["restoreOnBoot"];
  restoreAt?: string;
}): BootFindings {
  const { local = "nothing", remote, tried = [], restoreOnBoot = "auto", restoreAt } = changes;
  return {
    hasData: local !== "nothing",
    state:
      typeof local === "string"
        ? undefined
        : { version: 1, subtree: "a/b/0", acknowledged: local, captured: { seq: local.seq, cursors: {} } },
    tried,
    head: {
      version: 1,
      epoch: 3,
      owner: "somebody",
      leaseUntil: 0,
      seq: remote?.seq ?? 0,
      manifest: remote?.manifest ?? null,
      time: 0,
    },
    restoreOnBoot,
    restoreAt,
  };
}

describe("a boot", () => {
  const remote = { seq: 2, manifest: two };
  test.each([
    ["with nothing anywhere begins", found({}), "begin"],
    ["with data and nothing remote begins with the data", found({ local: "data only" }), "begin"],
    ["whose remote state is gone begins with the data", found({ local: { seq: 2, manifest: two } }), "begin"],
    ["with an empty volume restores", found({ remote }), "restore"],
    ["at the remote state continues", found({ local: { seq: 2, manifest: two }, remote }), "continue"],
    [
      "that lost a confirmation continues",
      found({ local: { seq: 1, manifest: one }, remote, tried: [two] }),
      "continue",
    ],
    ["that is behind restores", found({ local: { seq: 1, manifest: one }, remote }), "restore"],
    [
      "that is ahead of the remote chain restores",
      found({ local: { seq: 3, manifest: other }, remote }),
      "restore",
    ],
    ["on another chain restores", found({ local: { seq: 2, manifest: other }, remote }), "restore"],
    ["with data of no chain restores", found({ local: "data only", remote }), "restore"],
    [
      "that always restores does",
      found({ local: { seq: 2, manifest: two }, remote, restoreOnBoot: "always" }),
      "restore",
    ],
    [
      "that never restores continues",
      found({ local: { seq: 2, manifest: two }, remote, restoreOnBoot: "never" }),
      "continue",
    ],
    ["that never restores does not start empty", found({ remote, restoreOnBoot: "never" }), "refuse"],
    [
      "that never restores does not push an old volume",
      found({ local: { seq: 1, manifest: one }, remote, restoreOnBoot: "never" }),
      "refuse",
    ],
    [
      "to a point in time restores",
      found({ local: { seq: 2, manifest: two }, remote, restoreAt: "1" }),
      "restore",
    ],
    ["to a point in time of nothing is refused", found({ restoreAt: "1" }), "refuse"],
  ] as const)("%s", (_, findings, action) => expect(decideBoot(findings).action).toBe(action));

  test("moves data aside before it restores over it", () => {
    expect(decideBoot(found({ remote }))).toMatchObject({ park: false });
    expect(decideBoot(found({ local: "data only", remote }))).toMatchObject({ park: true });
  });
});
