import { sha256 } from "../../contract/signing.ts";
import type { Check } from "../check.ts";
import { require, requireEqual } from "../deviation.ts";
import { failure } from "../probe.ts";
import { restorePoint, Writer } from "../writer.ts";

const hourMs = 3_600_000;

export const restoreChecks: readonly Check[] = [
  {
    name: "restore: nothing yet",
    expectation:
      "A subtree that nobody has claimed is a signed 204; one that was claimed but not pushed to is a 200 without a manifest.",
    async run(probe) {
      const writer = new Writer(probe);
      const reply = await writer.sendRestore();
      require(reply.status === 204 &&
        reply.isSigned, `restore is answered with ${reply.status}, not a signed 204`);
      await writer.claim();
      const { head, manifest } = await writer.restore();
      requireEqual("head and manifest", [head.seq, head.manifest, manifest], [0, null, null]);
      failure("a state at push 1", await writer.sendRestore({ at: "1" }), "not_found");
    },
  },
  {
    name: "restore: a point in time",
    expectation:
      "at= gives the newest kept state at or before a push's number or a time, and 404 when there is none so old.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const startMs = Date.now() - 10 * hourMs;
      const first = (await writer.pushPart([], startMs)).push;
      const second = (await writer.pushPart([restorePoint(first)], startMs + hourMs)).push;
      const third = (await writer.pushPart([restorePoint(second), restorePoint(first)], startMs + 2 * hourMs))
        .push;
      // The second is not kept any more.
      const fourth = (await writer.pushPart([restorePoint(third), restorePoint(first)], startMs + 3 * hourMs))
        .push;
      const iso = (ms: number) => new Date(ms).toISOString();
      const expected = {
        "1": first,
        "2": first,
        "3": third,
        "4": fourth,
        "99": fourth,
        [iso(startMs)]: first,
        [iso(startMs + 1.5 * hourMs)]: first,
        [iso(startMs + 2 * hourMs)]: third,
        [iso(startMs + 2.5 * hourMs).replace("Z", "+00:00")]: third,
        [iso(Date.now())]: fourth,
      };
      for (const [at, push] of Object.entries(expected)) {
        const { head, manifest } = await writer.restore({ at });
        requireEqual(`the state at ${at}`, manifest === null ? null : sha256(manifest), push.sha256);
        requireEqual("the head", head.manifest, fourth.sha256);
      }
      failure("push 0", await writer.sendRestore({ at: "0" }), "not_found");
      failure("a time before the first", await writer.sendRestore({ at: iso(startMs - 1) }), "not_found");
      for (const at of ["", "yesterday", "-1", "1e3", "2020-13-01T00:00:00Z", "2020-01-01T00:00:00"]) {
        failure(`at=${at}`, await writer.sendRestore({ at }), "bad_request");
      }
    },
  },
  {
    name: "restore: a certain manifest",
    expectation: "manifest= gives exactly that state, 404 when there is none; part= gives one part.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const { push: first, part } = await writer.pushPart();
      await writer.pushPart([restorePoint(first)]);
      const { head, manifest } = await writer.restore({ manifest: first.sha256 });
      requireEqual("the manifest", manifest, first.text);
      requireEqual("the head's seq", head.seq, 2);
      const reply = await writer.sendRestore({ part: part.sha256 });
      require(reply.isSigned && sha256(reply.body) === part.sha256, "part= does not give the part, signed");
      failure("an unknown manifest", await writer.sendRestore({ manifest: sha256("none") }), "not_found");
      failure(
        "a manifest's name that is none",
        await writer.sendRestore({ manifest: "../head" }),
        "bad_request",
      );
      failure("an unknown part", await writer.sendRestore({ part: sha256("none") }), "not_found");
      failure("two at once", await writer.sendRestore({ at: "1", manifest: first.sha256 }), "bad_request");
    },
  },
];
