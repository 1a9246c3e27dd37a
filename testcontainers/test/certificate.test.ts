import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { selfSigned } from "../src/index.ts";

test("a certificate is good for the names and addresses that it is made for, and for no other", () => {
  const addresses = [
    "127.0.0.1",
    "172.17.0.1",
    "::1",
    "::",
    "fe80::1:2",
    "2001:db8:0:1:2:3:4:5",
    "::ffff:10.0.0.1",
  ];
  const certificate = new X509Certificate(selfSigned(["localhost", "docker.example.com", ...addresses]).cert);
  for (const address of addresses) expect(certificate.checkIP(address), address).toBe(address);
  expect(certificate.checkHost("docker.example.com")).toBe("docker.example.com");
  expect(certificate.checkIP("172.17.0.2")).toBeUndefined();
  expect(certificate.checkIP("fe80::1:3")).toBeUndefined();
  expect(certificate.checkHost("example.com")).toBeUndefined();
});
