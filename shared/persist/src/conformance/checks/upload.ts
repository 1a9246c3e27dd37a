import { randomBytes } from "node:crypto";
import { readPartReply, readRestoreReply } from "../../contract/parse-messages.ts";
import { sha256 } from "../../contract/signing.ts";
import type { Check } from "../check.ts";
import { require, requireEqual } from "../deviation.ts";
import { failure, success } from "../probe.ts";
import { Writer } from "../writer.ts";

export const uploadChecks: readonly Check[] = [
  {
    name: "upload: begin and part",
    expectation:
      "begin says which parts are not stored, each once; a part may be sent again; unfinished uploads are not seen by restore.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const bodies = [randomBytes(10), randomBytes(1000)];
      const names = bodies.map(sha256);
      const before = await writer.begin([...names, ...names]);
      requireEqual("missing before the upload", [...before.missing].sort(), [...names].sort());
      for (const body of [bodies[0]!, bodies[0]!]) {
        const reply = success("a part", await writer.sendPart(body), readPartReply);
        requireEqual("the reply to a part", reply, { sha256: names[0], bytes: 10 });
      }
      requireEqual("missing after one part", (await writer.begin(names)).missing, [names[1]]);
      requireEqual("the manifest before any commit", (await writer.restore()).manifest, null);
    },
  },
  {
    name: "upload: before any claim",
    expectation: "Parts may be sent in any order, also before the subtree was claimed; they stay invisible.",
    async run(probe) {
      const writer = new Writer(probe);
      const part = await writer.part();
      requireEqual("missing", (await writer.begin([part.sha256])).missing, []);
      require((await writer.sendRestore()).status === 204, "restore of a subtree without a head is not 204");
      await writer.claim();
      await writer.commit(writer.push({ parts: [part] }));
    },
  },
  {
    name: "upload: the shortest and the longest part",
    expectation:
      "An empty part and one of exactly partBytesMax bytes are stored and come back byte for byte.",
    async run(probe) {
      const writer = new Writer(probe);
      const { limits } = await writer.claim();
      for (const bytes of [0, 1, limits.partBytesMax]) {
        const body = randomBytes(bytes);
        const part = await writer.part(body);
        const reply = await writer.sendRestore({ part: part.sha256 });
        require(reply.status === 200 &&
          reply.isSigned, `the part of ${bytes} bytes is answered with ${reply.status}`);
        require(reply.body.equals(
          body,
        ), `the part of ${bytes} bytes came back as other ${reply.body.length} bytes`);
      }
    },
  },
  {
    name: "upload: four at once",
    expectation: "Four parts sent at the same time, one of them twice, are all stored.",
    async run(probe) {
      const writer = new Writer(probe);
      const bodies = Array.from({ length: 4 }, () => randomBytes(200_000));
      const replies = await Promise.all([...bodies, bodies[0]!].map((body) => writer.sendPart(body)));
      for (const reply of replies) success("a part", reply, readPartReply);
      requireEqual("missing", (await writer.begin(bodies.map(sha256))).missing, []);
    },
  },
  {
    name: "upload: hash",
    expectation:
      "A part whose bytes are not those of its name is answered with 422 hash_mismatch and not stored.",
    async run(probe) {
      const writer = new Writer(probe);
      const name = sha256("something else");
      failure("a part under another name", await writer.sendPart(randomBytes(10), name), "hash_mismatch");
      requireEqual("missing", (await writer.begin([name])).missing, [name]);
      failure("restoring it", await writer.sendRestore({ part: name }), "not_found");
    },
  },
  {
    name: "upload: limits",
    expectation:
      "A longer part and a longer message are answered with 413 too_large and the limits, and the connection's other requests go on.",
    async run(probe) {
      const writer = new Writer(probe);
      const { limits } = await writer.claim();
      const { partBytesMax, requestBytesMax } = limits;
      const part = failure(
        "a part one byte too long",
        await writer.sendPart(randomBytes(partBytesMax + 1)),
        "too_large",
      );
      requireEqual("the error's limits", part.limits, limits);
      const message = Buffer.alloc(requestBytesMax + 1, " ");
      failure("a message one byte too long", await writer.persist("begin", message), "too_large");
      await writer.begin([]);
    },
  },
  {
    name: "upload: names",
    expectation: "A part's name that is not 64 lower-case hexadecimal digits is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      const name = sha256("x");
      for (const bad of [
        "",
        "..",
        name.toUpperCase(),
        name.slice(1),
        `${name}0`,
        `../../${name}`,
        `${name}/..`,
      ]) {
        failure(`the part "${bad}"`, await writer.sendPart(Buffer.from("x"), bad), "bad_request");
        failure(`begin with "${bad}"`, await writer.persist("begin", { parts: [bad] }), "bad_request");
        failure(`restoring "${bad}"`, await writer.sendRestore({ part: bad }), "bad_request");
      }
    },
  },
  {
    name: "upload: messages",
    expectation: "A begin that is not of the contract's shape, or nests without end, is answered with 400.",
    async run(probe) {
      const writer = new Writer(probe);
      const deep = Buffer.from(`{"parts":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
      for (const body of [
        {},
        [],
        { parts: {} },
        { parts: [1] },
        { parts: [], more: 1 },
        deep,
        Buffer.from("x"),
      ]) {
        failure("a malformed begin", await writer.persist("begin", body), "bad_request");
      }
    },
  },
  {
    name: "upload: straight to the store",
    expectation:
      "Where begin gives URLs, they take the part, and no other bytes; where restore gives URLs, they give it.",
    async run(probe) {
      const writer = new Writer(probe);
      await writer.claim();
      const body = randomBytes(5000);
      const name = sha256(body);
      const target = (await writer.begin([name])).uploadUrls?.[name];
      if (target === undefined) return;
      const wrong = await probe.direct("PUT", target.url, target.headers, randomBytes(5000));
      require(wrong.status >= 400, `other bytes than the part's are taken with ${wrong.status}`);
      requireEqual("missing after wrong bytes", (await writer.begin([name])).missing, [name]);
      const right = await probe.direct("PUT", target.url, target.headers, body);
      require(right.status <
        300, `the part is answered with ${right.status}: ${right.body.toString("utf8", 0, 300)}`);
      requireEqual("missing after the upload", (await writer.begin([name])).missing, []);
      await writer.commit(writer.push({ parts: [{ sha256: name, bytes: body.length }] }));
      const { downloadUrls } = success("a restore", await writer.sendRestore(), readRestoreReply);
      const url = downloadUrls?.[name];
      if (url === undefined) return;
      const got = await probe.direct("GET", url, {});
      require(got.status === 200 && got.body.equals(body), "the URL of a part does not give the part");
    },
  },
];
