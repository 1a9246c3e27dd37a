import { readCommitReply, readLeaseReply } from "../../contract/parse-messages.ts";
import type { Check } from "../check.ts";
import { require, requireEqual } from "../deviation.ts";
import { failure, success } from "../probe.ts";
import { Writer } from "../writer.ts";

const racers = 8;
const rounds = 3;

export const raceChecks: readonly Check[] = [
  {
    name: "race: one commit wins",
    expectation: `Of ${racers} different commits after the same manifest at the same moment one becomes the head, the others get 409 head_moved.`,
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      for (let round = 1; round <= rounds; round++) {
        const parts = await Promise.all(Array.from({ length: racers }, () => writer.part()));
        const pushes = parts.map((part) => writer.push({ parts: [part] }));
        const replies = await Promise.all(pushes.map((push) => writer.sendCommit(push)));
        const winners = pushes.filter((_, index) => replies[index]!.status === 200);
        requireEqual(`round ${round}: the number of commits`, winners.length, 1);
        for (const reply of replies)
          if (reply.status !== 200) failure("a losing commit", reply, "head_moved");
        const { head, manifest } = await writer.restore();
        requireEqual("the head", [head.seq, head.manifest], [round, winners[0]!.sha256]);
        requireEqual("the manifest", manifest, winners[0]!.text);
        writer.seq = round;
        writer.previous = winners[0]!.sha256;
      }
    },
  },
  {
    name: "race: the same commit",
    expectation: `${racers} copies of one commit at the same moment all succeed and count once.`,
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const push = writer.push({ parts: [await writer.part()] });
      const replies = await Promise.all(Array.from({ length: racers }, () => writer.sendCommit(push)));
      for (const reply of replies) {
        const { head } = success("a copy of the commit", reply, readCommitReply);
        requireEqual("the head", [head.seq, head.manifest], [1, push.sha256]);
      }
    },
  },
  {
    name: "race: commits and renewals",
    expectation: "Renewals at the same moment as commits disturb neither: all succeed.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      for (let round = 1; round <= rounds; round++) {
        const push = writer.push({ parts: [await writer.part()] });
        const [committed, ...renewals] = await Promise.all([
          writer.commit(push),
          ...Array.from({ length: 4 }, () => writer.renew()),
        ]);
        requireEqual("the commit's seq", committed.seq, round);
        for (const reply of renewals) success("a renewal", reply, readLeaseReply);
        const { head } = await writer.restore();
        requireEqual("the head", [head.seq, head.manifest, head.owner], [round, push.sha256, writer.owner]);
      }
    },
  },
  {
    name: "race: the next owner",
    expectation:
      "When the next owner claims while the last one commits, the commit is in the chain that the next owner sees, or is fenced.",
    async run(probe) {
      let last = new Writer(probe);
      await last.claim();
      for (let round = 0; round < rounds; round++) {
        const next = new Writer(probe);
        success("a release", await last.release(), readLeaseReply);
        const push = last.push({ parts: [await last.part()] });
        const [committed, claimed] = await Promise.all([last.sendCommit(push), next.claim()]);
        const { head } = await next.restore();
        if (committed.status === 200) {
          requireEqual("the head after a commit", head.manifest, push.sha256);
        } else {
          failure("the last owner's commit", committed, "fenced");
          require(head.manifest === claimed.head.manifest, "a fenced commit has changed the head");
        }
        requireEqual("the head's epoch", head.epoch, claimed.epoch);
        next.seq = head.seq;
        next.previous = head.manifest;
        last = next;
      }
    },
  },
];
