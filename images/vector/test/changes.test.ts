import { ChangeReader } from "@weftkit/testing/change-reader";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const adminToken = "only for this test";

test("points that are put, changed and deleted are told with their vectors and payloads, those of a request together", async () => {
  const engine = await RunningEngine.start({ server: { admin_token: adminToken } });
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  const call = async (method: string, path: string, body: string) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${engine.url}${path}`, { method, headers, body });
    expect([response.status, await response.text()]).toMatchObject([200, expect.any(String)]);
  };
  await call("PUT", "/collections/c", '{"vectors":{"size":2,"distance":"Dot"}}');
  await call(
    "PUT",
    "/collections/c/points?wait=true",
    '{"points":[{"id":18446744073709551615,"vector":[0.1,2],"payload":{"n":9007199254740993}},{"id":2,"vector":[1,1]}]}',
  );
  await call("POST", "/collections/c/points/payload?wait=true", '{"points":[2],"payload":{"a":"ä"}}');
  await call("POST", "/collections/c/points/delete?wait=true", '{"points":[2, 77]}');
  const commits = await reader.read();
  expect(commits.map(({ changes }) => changes.map(({ op, key }) => [op, key]))).toEqual([
    [["schema", ""]],
    [
      ["insert", '{"id":18446744073709551615}'],
      ["insert", '{"id":2}'],
    ],
    [["update", '{"id":2}']],
    [["delete", '{"id":2}']],
  ]);
  const [first, second] = commits[1]!.changes;
  expect(first!.after).toBe(
    `{"id":18446744073709551615,"payload":{"n":9007199254740993},"vectors":{"":[${Math.fround(0.1)},2]}}`,
  );
  expect(commits[2]!.changes[0]).toMatchObject({
    namespace: "c",
    before: second!.after,
    after: '{"id":2,"payload":{"a":"ä"},"vectors":{"":[1,1]}}',
  });
  expect(commits[3]!.changes[0]!.before).toBe(commits[2]!.changes[0]!.after);
});
