import { readBeginReply, readLeaseReply } from "../../contract/parse-messages.ts";
import {
  clockWindowMs,
  headerNames,
  isSignatureOf,
  newNonce,
  replyText,
  sha256,
} from "../../contract/signing.ts";
import type { Check } from "../check.ts";
import { require } from "../deviation.ts";
import { failure, newSubtree, type Probe, type ProbeRequest, refused, success } from "../probe.ts";

const claim = { path: "/lease", body: { action: "claim", owner: "someone" } } as const;
const minuteMs = 60_000;

/** After a refused request nothing may have changed: the subtree was never claimed. */
async function requireUntouched(probe: Probe): Promise<void> {
  const reply = await probe.send({ method: "GET", path: "/restore" });
  require(reply.status === 204, `a refused request has changed the subtree: restore answers ${reply.status}`);
}

export const signatureChecks: readonly Check[] = [
  {
    name: "signature: required",
    expectation: "A request without a signature is answered with 401 on every route.",
    async run(probe) {
      refused("an unsigned claim", await probe.sendUnsigned("POST", "/lease", claim.body));
      refused("an unsigned restore", await probe.sendUnsigned("GET", "/restore"));
      refused(
        "an unsigned begin",
        await probe.sendUnsigned("POST", "/persist?action=begin", { parts: [] }),
        [401, 404],
      );
      await requireUntouched(probe);
    },
  },
  {
    name: "signature: of a known key",
    expectation:
      "A request signed with another secret, or under a key id that is not known, is answered with 401.",
    async run(probe) {
      refused(
        "another secret",
        await probe.send({ ...claim, key: { id: probe.key.id, secret: "not the secret at all" } }),
      );
      refused(
        "an unknown key id",
        await probe.send({ ...claim, key: { id: "nobody", secret: probe.key.secret } }),
      );
      await requireUntouched(probe);
    },
  },
  {
    name: "signature: covers every header",
    expectation: "A request is answered with 401 when any signed header was changed or left out.",
    async run(probe) {
      const changes = {
        [headerNames.timestamp]: String(Date.now() + 60_000),
        [headerNames.nonce]: newNonce(),
        [headerNames.subtree]: newSubtree(),
        [headerNames.epoch]: "7",
        [headerNames.seq]: "7",
        [headerNames.prev]: sha256("another"),
        [headerNames.contentSha256]: sha256("another"),
        [headerNames.signature]: sha256("another"),
        [headerNames.keyId]: "other",
      };
      for (const [name, value] of Object.entries(changes)) {
        refused(`a changed ${name}`, await probe.send({ ...claim, tamper: { headers: { [name]: value } } }));
        refused(
          `a missing ${name}`,
          await probe.send({ ...claim, tamper: { headers: { [name]: undefined } } }),
        );
      }
      await requireUntouched(probe);
    },
  },
  {
    name: "signature: covers query and body",
    expectation: "A changed query is answered with 401, a changed body with 401 or 422.",
    async run(probe) {
      const restore = { method: "GET", path: "/restore", query: { at: "1" } } as const;
      refused("a changed parameter", await probe.send({ ...restore, tamper: { query: { at: "2" } } }));
      refused(
        "an added parameter",
        await probe.send({ ...restore, tamper: { query: { at: "1", manifest: sha256("") } } }),
      );
      refused("a removed parameter", await probe.send({ ...restore, tamper: { query: {} } }));
      const body = Buffer.from(JSON.stringify({ action: "claim", owner: "another" }));
      refused("a changed body", await probe.send({ ...claim, tamper: { body } }), [401, 422]);
      await requireUntouched(probe);
    },
  },
  {
    name: "signature: one spelling",
    expectation: "Numbers with leading zeros or signs and hashes in capitals are refused with 401 or 400.",
    async run(probe) {
      const spellings = {
        [headerNames.epoch]: "00",
        [headerNames.seq]: "+0",
        [headerNames.timestamp]: `0${Date.now()}`,
        [headerNames.contentSha256]: sha256(JSON.stringify(claim.body)).toUpperCase(),
        [headerNames.nonce]: "short",
        [headerNames.prev]: "",
      };
      for (const [name, value] of Object.entries(spellings)) {
        refused(
          `${name}: ${value}`,
          await probe.send({ ...claim, tamper: { headers: { [name]: value } } }),
          [400, 401],
        );
      }
      await requireUntouched(probe);
    },
  },
  {
    name: "signature: five minutes",
    expectation:
      "A request whose time is more than 5 minutes off, either way, gets a signed 401 clock_skew with the server's time; 4 minutes are accepted.",
    async run(probe) {
      for (const offMs of [-clockWindowMs - minuteMs, clockWindowMs + minuteMs]) {
        const reply = await probe.send({ ...claim, fields: { timestamp: Date.now() + offMs } });
        failure(`a request ${offMs / minuteMs} minutes off`, reply, "clock_skew");
      }
      await requireUntouched(probe);
      for (const offMs of [-4 * minuteMs, 4 * minuteMs]) {
        const reply = await probe.send({ ...claim, fields: { timestamp: Date.now() + offMs } });
        success(`a request ${offMs / minuteMs} minutes off`, reply, readLeaseReply);
      }
    },
  },
  {
    name: "signature: of replies",
    expectation:
      "Every reply to a signed request, errors and 204 included, is signed over the request's nonce, the status and the body.",
    async run(probe) {
      const requests: Record<string, ProbeRequest> = {
        "204": { method: "GET", path: "/restore" },
        "a success": { path: "/persist", query: { action: "begin" }, body: { parts: [] } },
        "an error": { path: "/persist", query: { action: "begin" }, body: { parts: "none" } },
        "404": { method: "GET", path: "/restore", query: { part: sha256("nothing") } },
      };
      for (const [what, request] of Object.entries(requests)) {
        const { isSigned, header, status, body } = await probe.send(request);
        require(isSigned, `the reply to ${what} (${status}) is not signed`);
        const signature = header(headerNames.signature) ?? "";
        const other = replyText(newNonce(), status, sha256(body));
        require(!isSignatureOf(
          probe.key,
          other,
          signature,
        ), "a reply's signature holds for another request too");
      }
    },
  },
  {
    name: "subtree: names",
    expectation:
      "A subtree that is not three plain names is refused with 400 or 401, so that no path leads out of the store.",
    async run(probe) {
      const long = "a".repeat(64);
      const names = ["..", "a/b", "a/b/c/d", "../b/c", "a/../c", "a/b/..", "a//c", "/a/b", "a/b/", ".a/b/c"];
      const encoded = [
        "a/%2e%2e/c",
        "a/b%2fc/d",
        "a\\b/c/d",
        "a/b/c d",
        "a/b/c*",
        "a/é/c",
        `${long}/b/c`,
        `a/b/${long}`,
      ];
      for (const subtree of [...names, ...encoded]) {
        const reply = await probe.send({
          ...claim,
          fields: { subtree: Buffer.from(subtree).toString("latin1") },
        });
        refused(`the subtree "${subtree}"`, reply, [400, 401]);
      }
    },
  },
  {
    name: "subtree: apart from others",
    expectation: "What is stored in one subtree is not there in another.",
    async run(probe) {
      const body = Buffer.from(`only here ${probe.subtree}`);
      const query = { action: "part", sha256: sha256(body) };
      require((await probe.send({ path: "/persist", query, body })).status === 200, "a part was refused");
      const other = { subtree: newSubtree() };
      const begin = {
        path: "/persist",
        query: { action: "begin" },
        body: { parts: [sha256(body)] },
        fields: other,
      };
      const { missing } = success("begin", await probe.send(begin), readBeginReply);
      require(missing.length === 1, "a part of one subtree counts as stored in another");
      const restore = {
        method: "GET",
        path: "/restore",
        query: { part: sha256(body) },
        fields: other,
      } as const;
      failure("another subtree's part", await probe.send(restore), "not_found");
    },
  },
];
