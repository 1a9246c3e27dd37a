import { expect, test } from "vitest";
import {
  boltMagic,
  chooseVersion,
  clientHandshake,
  manifestReply,
  readManifestChoice,
  versionReply,
  webSocketReply,
} from "../src/index.ts";

const offered = [
  { major: 5, minor: 8, range: 2 },
  { major: 5, minor: 4, range: 4 },
  { major: 4, minor: 4, range: 0 },
];

test("the first proposal that is offered is chosen", () => {
  const old = clientHandshake([
    { major: 5, minor: 7, range: 7 },
    { major: 4, minor: 4, range: 2 },
  ]);
  expect(chooseVersion(old, offered)).toEqual({ kind: "version", version: { major: 5, minor: 7 } });
  // 5.5 is not offered, but what is below it in the range.
  expect(chooseVersion(clientHandshake([{ major: 5, minor: 5, range: 1 }]), offered)).toEqual({
    kind: "version",
    version: { major: 5, minor: 4 },
  });
  expect(chooseVersion(clientHandshake([{ major: 3, minor: 0, range: 0 }]), offered)).toBeUndefined();
  expect(versionReply({ major: 5, minor: 4 })).toEqual(Buffer.from([0, 0, 4, 5]));
  expect(versionReply(undefined)).toEqual(Buffer.alloc(4));
});

test("a client may ask for the list and choose itself", () => {
  const current = clientHandshake(["manifest", { major: 5, minor: 8, range: 8 }]);
  expect(current.readUInt32BE(0)).toBe(boltMagic);
  expect(chooseVersion(current, offered)).toEqual({ kind: "manifest" });
  expect(manifestReply(offered).toString("hex")).toBe("000001ff0300020805000404050000040400");
  expect(readManifestChoice(Buffer.from([0, 0, 8]))).toBeUndefined();
  expect(readManifestChoice(Buffer.from([0, 0, 8, 5, 0]))).toEqual({
    version: { major: 5, minor: 8 },
    length: 5,
  });
});

test("a WebSocket is opened as RFC 6455 has it", () => {
  const request = [
    "GET / HTTP/1.1",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ].join("\r\n");
  expect(webSocketReply(request)).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect(webSocketReply("GET / HTTP/1.1\r\nHost: x")).toBeUndefined();
});
