import { readLeaseReply } from "../../contract/parse-messages.ts";
import { sha256 } from "../../contract/signing.ts";
import type { Check } from "../check.ts";
import { require, requireEqual } from "../deviation.ts";
import { failure, success } from "../probe.ts";
import { restorePoint, Writer } from "../writer.ts";

export const pruneChecks: readonly Check[] = [
  {
    name: "prune: keeps what is named",
    expectation:
      "What the head's manifest or a state in its history names is kept and reported, whoever asks to delete it.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const first = await writer.pushPart();
      const second = await writer.pushPart([restorePoint(first.push)]);
      const manifests = [first.push.sha256, second.push.sha256];
      const parts = [first.part.sha256, second.part.sha256];
      const { deleted, kept } = await writer.prune(manifests, parts);
      requireEqual("deleted", deleted, 0);
      requireEqual("kept", [...kept].sort(), [...manifests, ...parts].sort());
      for (const manifest of manifests) await writer.restore({ manifest });
      for (const part of parts)
        require((await writer.sendRestore({ part })).status === 200, "a kept part is gone");
    },
  },
  {
    name: "prune: says what it did",
    expectation:
      "What nothing names is deleted, or reported as kept and still there while it is young; what was never there counts as deleted.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const first = await writer.pushPart();
      const second = await writer.pushPart();
      const absent = sha256("never there");
      const { deleted, kept } = await writer.prune([first.push.sha256], [first.part.sha256, absent]);
      requireEqual("deleted and kept", deleted + kept.length, 3);
      require(!kept.includes(absent), "what was never there is reported as kept");
      const part = await writer.sendRestore({ part: first.part.sha256 });
      requireEqual("whether the part is there", part.status === 200, kept.includes(first.part.sha256));
      const manifest = await writer.sendRestore({ manifest: first.push.sha256 });
      requireEqual(
        "whether the manifest is there",
        manifest.status === 200,
        kept.includes(first.push.sha256),
      );
      requireEqual("the head's manifest", (await writer.restore()).manifest, second.push.text);
    },
  },
  {
    name: "prune: by the owner only",
    expectation: "A prune from an older epoch is answered with 410 fenced; names that are none with 400.",
    async run(probe) {
      const [first, second] = [new Writer(probe), new Writer(probe)];
      await first.claim();
      const body = { manifests: [], parts: ["../../head"] };
      failure("a bad name", await first.persist("prune", body), "bad_request");
      failure("no lists", await first.persist("prune", {}), "bad_request");
      success("a release", await first.release(), readLeaseReply);
      await second.claim();
      failure(
        "the first owner's prune",
        await first.persist("prune", { manifests: [], parts: [] }),
        "fenced",
      );
    },
  },
  {
    name: "errors: routes",
    expectation: "An action, parameter or method that the contract does not have is a signed 400.",
    async run(probe) {
      const persist = { path: "/persist", body: {} };
      failure(
        "an unknown action",
        await probe.send({ ...persist, query: { action: "drop" } }),
        "bad_request",
      );
      failure("no action", await probe.send(persist), "bad_request");
      const query = { action: "begin", more: "1" };
      failure(
        "an unknown parameter",
        await probe.send({ ...persist, query, body: { parts: [] } }),
        "bad_request",
      );
      failure("GET /lease", await probe.send({ method: "GET", path: "/lease" }), "bad_request");
      failure("POST /restore", await probe.send({ path: "/restore" }), "bad_request");
    },
  },
];
