import { readLeaseReply } from "../../contract/parse-messages.ts";
import type { Check } from "../check.ts";
import { require, requireEqual } from "../deviation.ts";
import { failure, success } from "../probe.ts";
import { Writer } from "../writer.ts";

const racers = 8;

export const leaseChecks: readonly Check[] = [
  {
    name: "lease: first claim",
    expectation:
      "The first claim of a subtree gives epoch 1, a lease that ends later, an empty head and the limits.",
    async run(probe) {
      const writer = new Writer(probe);
      const { epoch, leaseUntil, head, limits, serverTime } = await writer.claim();
      requireEqual("the epoch", epoch, 1);
      requireEqual(
        "the head",
        { ...head, leaseUntil: 0 },
        {
          version: 1,
          epoch: 1,
          owner: writer.owner,
          leaseUntil: 0,
          seq: 0,
          manifest: null,
          time: 0,
        },
      );
      require(leaseUntil > serverTime &&
        leaseUntil <= serverTime + limits.leaseMs, "leaseUntil is not serverTime + leaseMs");
      requireEqual("head.leaseUntil", head.leaseUntil, leaseUntil);
    },
  },
  {
    name: "lease: one owner",
    expectation:
      "While a lease holds, another owner's claim is answered with 409 lease_held and the head; the epoch stays.",
    async run(probe) {
      const [first, second] = [new Writer(probe), new Writer(probe)];
      await first.claim();
      const reply = await second.lease({ action: "claim", owner: second.owner });
      const { head } = failure("a claim while another owner's lease holds", reply, "lease_held");
      requireEqual("the head's owner and epoch", [head?.owner, head?.epoch], [first.owner, 1]);
      success("the owner's renewal", await first.renew(), readLeaseReply);
    },
  },
  {
    name: "lease: claim again",
    expectation:
      "A claim that is sent again by the same owner succeeds, because its reply may have been lost.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      await writer.claim();
      success("the renewal of the last claim", await writer.renew(), readLeaseReply);
    },
  },
  {
    name: "lease: renew and release",
    expectation: "Only owner and epoch of the head renew or release it; everyone else gets 410 fenced.",
    async run(probe) {
      const [owner, other] = [new Writer(probe), new Writer(probe)];
      failure("renewing what nobody has claimed", await owner.renew(1), "fenced");
      await owner.claim();
      failure("another owner's renewal", await other.renew(1), "fenced");
      failure("another epoch's renewal", await owner.renew(2), "fenced");
      failure("another owner's release", await other.release(1), "fenced");
      const renewed = success("a renewal", await owner.renew(), readLeaseReply);
      require(renewed.leaseUntil > renewed.serverTime, "a renewed lease has ended already");
      const released = success("a release", await owner.release(), readLeaseReply);
      requireEqual("leaseUntil after a release", released.leaseUntil, 0);
      success("a release sent again", await owner.release(), readLeaseReply);
    },
  },
  {
    name: "lease: change of owner",
    expectation: "After a release the next claim gets the next epoch at once; the owner before it is fenced.",
    async run(probe) {
      const [first, second] = [new Writer(probe), new Writer(probe)];
      await first.claim();
      const { push } = await first.pushPart();
      success("a release", await first.release(), readLeaseReply);
      const { epoch, head } = await second.claim();
      requireEqual("the second epoch", epoch, 2);
      requireEqual("the head's push", [head.seq, head.manifest], [1, push.sha256]);
      failure("the first owner's renewal", await first.renew(), "fenced");
      failure("the first owner's release", await first.release(), "fenced");
      const part = await second.part();
      failure("the first owner's commit", await first.sendCommit(first.push({ parts: [part] })), "fenced");
      failure("the first owner's begin", await first.persist("begin", { parts: [part.sha256] }), "fenced");
    },
  },
  {
    name: "lease: a volume that comes back",
    expectation:
      "A claim that knows the head's owner gets the next epoch while that one's lease holds; one that knows an earlier name of it does not.",
    async run(probe) {
      const first = new Writer(probe);
      await first.claim();
      const body = { action: "renew", owner: first.owner, epoch: 1, next: "renewed" };
      const renewed = success("a renewal under another name", await first.lease(body, 1), readLeaseReply);
      requireEqual("the owner after it", renewed.head.owner, "renewed");
      success("the same renewal again", await first.lease(body, 1), readLeaseReply);
      failure("a renewal by the name before", await first.renew(), "fenced");
      const stale = { action: "claim", owner: "copy", known: [first.owner] };
      failure("a claim that knows the name before", await first.lease(stale), "lease_held");
      const known = { action: "claim", owner: "again", known: [first.owner, "renewed"] };
      const again = success("a claim that knows the owner", await first.lease(known), readLeaseReply);
      requireEqual("its epoch and owner", [again.epoch, again.head.owner], [2, "again"]);
      failure(
        "the renewal of the epoch before",
        await first.lease({ ...body, owner: "renewed" }, 1),
        "fenced",
      );
    },
  },
  {
    name: "lease: handover",
    expectation:
      "A claim with handover is written into the head while another's lease holds; after the release only that one gets the lease.",
    async run(probe) {
      const [first, second, third] = [new Writer(probe), new Writer(probe), new Writer(probe)];
      await first.claim();
      const ask = (writer: Writer) => writer.lease({ action: "claim", owner: writer.owner, handover: true });
      const asked = failure("the second's claim", await ask(second), "lease_held");
      requireEqual("the successor", asked.head?.successor?.owner, second.owner);
      failure("the third's claim", await ask(third), "lease_held");
      const renewed = success("the owner's renewal", await first.renew(), readLeaseReply);
      requireEqual("the successor that the owner is told", renewed.head.successor?.owner, second.owner);
      success("the owner's release", await first.release(), readLeaseReply);
      failure("the third's claim after the release", await ask(third), "lease_held");
      const back = { action: "claim", owner: "back", known: [first.owner] };
      failure("a claim of the one that has released", await first.lease(back), "lease_held");
      const won = success("the second's claim after the release", await ask(second), readLeaseReply);
      requireEqual("the epoch and what is asked for", [won.epoch, won.head.successor], [2, undefined]);
    },
  },
  {
    name: "lease: what a volume knows of a lost head",
    expectation:
      "A claim that says which push it knows is answered like any other where there is a head, and begins a new one where neither head nor that push is stored.",
    async run(probe) {
      const writer = new Writer(probe);
      const lost = { epoch: 7, seq: 3, manifest: "0".repeat(64) };
      const claim = { action: "claim", owner: writer.owner, lost };
      const first = success("a claim of a new subtree", await writer.lease(claim), readLeaseReply);
      requireEqual("its push", [first.head.seq, first.head.manifest], [0, null]);
      const again = success("the claim again", await writer.lease(claim), readLeaseReply);
      requireEqual("its epoch", again.epoch, first.epoch);
    },
  },
  {
    name: "lease: race",
    expectation: `Of ${racers} owners who claim at the same moment one gets the lease, the others 409 lease_held.`,
    async run(probe) {
      const writers = Array.from({ length: racers }, () => new Writer(probe));
      const replies = await Promise.all(
        writers.map((writer) => writer.lease({ action: "claim", owner: writer.owner })),
      );
      const winners = replies.filter(({ status }) => status === 200);
      requireEqual("the number of owners", winners.length, 1);
      const won = success("the winning claim", winners[0]!, readLeaseReply);
      for (const reply of replies) if (reply !== winners[0]) failure("a losing claim", reply, "lease_held");
      const { head } = await writers[0]!.restore();
      requireEqual("the head's owner and epoch", [head.owner, head.epoch], [won.head.owner, 1]);
    },
  },
  {
    name: "lease: messages",
    expectation: "A lease request that is not of the contract's shape is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      const bodies: unknown[] = [
        {},
        [],
        null,
        { action: "steal", owner: "a" },
        { action: "claim" },
        { action: "claim", owner: "" },
        { action: "claim", owner: "with\nline" },
        { action: "claim", owner: "a".repeat(129) },
        { action: "claim", owner: "a", known: "a" },
        { action: "claim", owner: "a", known: Array(9).fill("a") },
        { action: "claim", owner: "a", handover: false },
        { action: "claim", owner: "a", next: "b" },
        { action: "renew", owner: "a" },
        { action: "renew", owner: "a", epoch: 1, next: "" },
        { action: "claim", owner: "a", lost: { epoch: 1, seq: 0, manifest: "0".repeat(64) } },
        { action: "renew", owner: "a", epoch: "1" },
        { action: "renew", owner: "a", epoch: -1 },
        Buffer.from("{"),
        Buffer.from([0xff, 0xfe]),
      ];
      for (const body of bodies) {
        failure(`the body ${JSON.stringify(body)}`, await writer.lease(body), "bad_request");
      }
    },
  },
];
