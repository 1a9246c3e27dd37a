import { randomBytes } from "node:crypto";
import type { Part } from "../../contract/manifest.ts";
import { namesMax, readCommitReply } from "../../contract/parse-messages.ts";
import { sha256 } from "../../contract/signing.ts";
import type { Check } from "../check.ts";
import { requireEqual } from "../deviation.ts";
import { failure, success } from "../probe.ts";
import { restorePoint, Writer } from "../writer.ts";

/** A part as it stands in a list. */
function listEntry({ sha256: name, bytes }: Part): Buffer {
  const entry = Buffer.alloc(36);
  entry.write(name, 0, "hex");
  entry.writeUInt32LE(bytes, 32);
  return entry;
}

export const commitChecks: readonly Check[] = [
  {
    name: "commit: the head",
    expectation:
      "A commit makes its manifest the head; the next one follows it and need not send the parts again that it still names.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const part = await writer.part();
      const first = writer.push({ parts: [part] });
      const head = await writer.commit(first);
      requireEqual("the head", [head.seq, head.manifest, head.epoch], [1, first.sha256, 1]);
      const second = writer.push({ parts: [part], history: [restorePoint(first)] });
      requireEqual("the next head's seq", (await writer.commit(second)).seq, 2);
      requireEqual("the manifest", (await writer.restore()).manifest, second.text);
    },
  },
  {
    name: "commit: again",
    expectation:
      "A commit that is sent again succeeds as long as it is the head, because its reply may have been lost.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const { push } = await writer.pushPart();
      const again = success("the same commit", await writer.sendCommit(push), readCommitReply);
      requireEqual("the head", [again.head.seq, again.head.manifest], [1, push.sha256]);
      await writer.pushPart();
      const { head } = failure("a commit before the head", await writer.sendCommit(push), "head_moved");
      requireEqual("the head's seq", head?.seq, 2);
    },
  },
  {
    name: "commit: missing parts",
    expectation:
      "A commit that names parts that are not stored is answered with 409 missing_parts and their names; the head stays.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const stored = await writer.part();
      const absent = { sha256: sha256("never sent"), bytes: stored.bytes };
      const push = writer.push({ parts: [stored, absent] });
      const { missing } = failure("the commit", await writer.sendCommit(push), "missing_parts");
      requireEqual("missing", missing, [absent.sha256]);
      const shorter = writer.push({ parts: [{ ...stored, bytes: stored.bytes - 1 }] });
      failure("a part of another length", await writer.sendCommit(shorter), "missing_parts");
      requireEqual("the manifest", (await writer.restore()).manifest, null);
      await writer.commit(writer.push({ parts: [stored] }));
    },
  },
  {
    name: "commit: required parts",
    expectation:
      "A commit whose required list has a part that is not stored is answered with 409 missing_parts and its name; a list that is too long or has no names with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const [stored, beside] = [await writer.part(), await writer.part()];
      const late = randomBytes(50);
      const push = writer.push({ parts: [stored] });
      const required = [beside.sha256, sha256(late), stored.sha256];
      const { missing } = failure("the commit", await writer.sendCommit(push, required), "missing_parts");
      requireEqual("missing", missing, [sha256(late)]);
      requireEqual("the manifest", (await writer.restore()).manifest, null);
      failure(
        "a required part that is no name",
        await writer.sendCommit(push, ["../../head"]),
        "bad_request",
      );
      const tooMany = Array.from({ length: namesMax + 1 }, () => stored.sha256);
      failure("too many required parts", await writer.sendCommit(push, tooMany), "bad_request");
      await writer.part(late);
      const reply = success("the same commit", await writer.sendCommit(push, required), readCommitReply);
      requireEqual("the head's manifest", reply.head.manifest, push.sha256);
    },
  },
  {
    name: "commit: parts in lists",
    expectation:
      "A commit whose piece has its parts in a list is answered with 409 missing_parts while the list or a part in it is not stored; then it succeeds.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const first = await writer.part();
      const late = randomBytes(100);
      const parts = [first, { sha256: sha256(late), bytes: late.length }];
      const body = Buffer.concat(parts.map(listEntry));
      const partLists = [{ sha256: sha256(body), bytes: body.length, count: parts.length }];
      const push = writer.push({ parts, partLists });
      failure("a commit without its list", await writer.sendCommit(push), "missing_parts");
      await writer.part(body);
      const { missing } = failure(
        "a commit without a listed part",
        await writer.sendCommit(push),
        "missing_parts",
      );
      requireEqual("what is missing", missing, [sha256(late)]);
      await writer.part(late);
      const reply = success("the same commit", await writer.sendCommit(push), readCommitReply);
      requireEqual("the head's manifest", reply.head.manifest, push.sha256);
    },
  },
  {
    name: "commit: follows the head",
    expectation:
      "A commit with another previous manifest is answered with 409 head_moved and the head, one with a seq that is not higher with 400; seq may leave numbers out.",
    async run(probe) {
      const writer = new Writer(probe);
      const early = writer.push({ epoch: 1 });
      failure("a commit before any claim", await writer.sendCommit(early), "head_moved");
      await writer.claim();
      const { push } = await writer.pushPart();
      const other = writer.push({ previous: sha256("another chain") });
      const { head } = failure("another previous", await writer.sendCommit(other), "head_moved");
      requireEqual("the head's manifest", head?.manifest, push.sha256);
      failure(
        "a first push again",
        await writer.sendCommit(writer.push({ previous: null, seq: 1 })),
        "head_moved",
      );
      failure("the head's seq again", await writer.sendCommit(writer.push({ seq: 1 })), "bad_request");
      failure(
        "a newer epoch than was given",
        await writer.sendCommit(writer.push({ epoch: 9 })),
        "head_moved",
      );
      requireEqual("the manifest", (await writer.restore()).manifest, push.text);
      requireEqual("the head's seq after a gap", (await writer.commit(writer.push({ seq: 5 }))).seq, 5);
    },
  },
  {
    name: "commit: agrees with its headers",
    expectation:
      "A manifest that differs from the signed headers in subtree, epoch, seq or previous is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const push = writer.push();
      const body = { manifest: push.text };
      const right = { epoch: 1, seq: 1, prev: null };
      failure("another epoch", await writer.persist("commit", body, { ...right, epoch: 2 }), "bad_request");
      failure("another seq", await writer.persist("commit", body, { ...right, seq: 2 }), "bad_request");
      failure(
        "another prev",
        await writer.persist("commit", body, { ...right, prev: sha256("") }),
        "bad_request",
      );
      const foreign = { ...push.manifest, subtree: "conformance/check/other" };
      const reply = await writer.persist("commit", { manifest: JSON.stringify(foreign) }, right);
      failure("another subtree", reply, "bad_request");
    },
  },
  {
    name: "commit: well-formed",
    expectation: "A manifest that is not of the contract's shape is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const { manifest } = writer.push();
      const piece = { kind: "base", seqFrom: 1, seqTo: 1, time: 0, bytes: 0, sha256: sha256(""), parts: [] };
      const withPieces = (...pieces: unknown[]) => ({
        ...manifest,
        streams: { data: { kind: "pages", pieces } },
      });
      const variants: Record<string, unknown> = {
        "no object": [],
        "another version": { ...manifest, version: 2 },
        "an unknown field": { ...manifest, more: true },
        "no streams": { ...manifest, streams: undefined },
        "another engine": { ...manifest, engine: "other" },
        "a bad stream name": { ...manifest, streams: { "../x": { kind: "pages", pieces: [] } } },
        "a bad kind": { ...manifest, streams: { data: { kind: "rows", pieces: [] } } },
        "a delta first": withPieces({ ...piece, kind: "delta" }),
        "a piece of the future": withPieces({ ...piece, seqTo: 2 }),
        "a bad hash": withPieces({ ...piece, sha256: "../../head" }),
        "lengths that do not add up": withPieces({ ...piece, bytes: 1 }),
        "a negative length": withPieces({ ...piece, parts: [{ sha256: sha256(""), bytes: -1 }] }),
        "a later restore point": { ...manifest, history: [{ seq: 1, time: 0, manifest: sha256("") }] },
      };
      for (const [what, variant] of Object.entries(variants)) {
        const body = { manifest: JSON.stringify(variant) };
        const reply = await writer.persist("commit", body, { epoch: 1, seq: 1, prev: null });
        failure(`a manifest with ${what}`, reply, "bad_request");
      }
      failure("a manifest that is no text", await writer.persist("commit", { manifest }), "bad_request");
    },
  },
  {
    name: "commit: history",
    expectation: "A history that names a state which the manifest before does not keep is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const first = await writer.pushPart();
      await writer.pushPart();
      const dropped = writer.push({ history: [restorePoint(first.push)] });
      failure("a state that was dropped", await writer.sendCommit(dropped), "bad_request");
      const invented = writer.push({ history: [{ seq: 1, time: 0, manifest: sha256("invented") }] });
      failure("an invented state", await writer.sendCommit(invented), "bad_request");
    },
  },
];
