import { describe, expect, test } from "vitest";
import { isAllowedUrl, parseEndpointUrl } from "../src/client/index.ts";

describe("state travels", () => {
  test.each([
    "https://example.com/base",
    "https://203.0.113.5",
    "http://localhost:8787",
    "http://127.0.0.1:8787",
    "http://[::1]:8787",
    "http://10.1.2.3",
    "http://172.31.0.1",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://[fd00::1]",
    "http://persist:8787",
    "http://host.docker.internal:8787",
    "http://persist.default.svc",
    "http://persist.default.svc.cluster.local:8787/base",
  ])("to %s", (url) => {
    expect(isAllowedUrl(new URL(url))).toBe(true);
  });

  test.each([
    "http://example.com",
    "http://203.0.113.5",
    "http://172.32.0.1",
    "http://169.254.169.254",
    "http://[2001:db8::1]",
    "http://0x7f.example.com",
    "http://evil.svc.example.com",
    "http://host.docker.internal.example.com",
    "ftp://localhost",
    "https://user:password@example.com",
  ])("not to %s", (url) => {
    expect(isAllowedUrl(new URL(url))).toBe(false);
  });
});

describe("an endpoint's URL", () => {
  test("may end with slashes", () => {
    expect(parseEndpointUrl("https://example.com/base//").href).toBe("https://example.com/base");
  });

  test.each(["", "example.com", "https://example.com?x=1", "https://example.com#x", "http://example.com"])(
    "cannot be %j",
    (text) => {
      expect(() => parseEndpointUrl(text)).toThrow(expect.objectContaining({ code: "bad_url" }));
    },
  );

  test("is refused without showing the password in it", () => {
    expect(() => parseEndpointUrl("https://user:hidden@example.com")).toThrow(/^(?!.*hidden)/);
  });
});
