import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { signatureOf } from "../src/webhook/index.ts";
import { openNotes, until } from "./cdc-for-test.ts";

interface Received {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** A receiver of webhooks that answers what `answer` says. */
async function receiver(answer: (received: Received) => number) {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const received = { headers: request.headers, body };
      response.statusCode = answer(received);
      if (response.statusCode < 300) requests.push(received);
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { requests, url: `http://127.0.0.1:${port}/changes` };
}

const secret = "only for this test, and for no other";
const base = {
  emitter: "webhook",
  webhook_secret: secret,
  webhook_private_addresses: true,
  retry_max: "1ms",
};

const numbersOf = (requests: readonly Received[]) =>
  requests.flatMap(({ body }) =>
    (JSON.parse(body) as { after: { n: number } }[]).map(({ after }) => after.n),
  );

test("events are posted in their order, signed as Standard Webhooks says", async () => {
  const { requests, url } = await receiver(() => 204);
  const notes = await openNotes();
  const cdc = await notes.cdc({ ...base, broker: url });
  for (let n = 1; n <= 20; n++) await notes.write(JSON.stringify({ n }));
  await until(() => cdc.status().sent === 20);
  expect(numbersOf(requests)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  for (const { headers, body } of requests) {
    const message = { id: String(headers["webhook-id"]), body };
    const seconds = Number(headers["webhook-timestamp"]);
    expect(headers["webhook-signature"]).toBe(signatureOf(Buffer.from(secret), message, seconds));
  }
});

test("a receiver that is away is tried until it is there: nothing is missing, and it is told", async () => {
  let isAway = true;
  const { requests, url } = await receiver(() => (isAway ? 503 : 200));
  const notes = await openNotes();
  const cdc = await notes.cdc({ ...base, broker: url });
  await notes.write('{"n":1}', '{"n":2}');
  await until(() => cdc.status().state === "retrying");
  expect(notes.readiness.components().cdc).toEqual({
    ok: true,
    why: expect.stringMatching(/^cannot send: 127\.0\.0\.1:\d+ answered 503$/),
  });
  isAway = false;
  await until(() => cdc.status().sent === 2);
  expect(numbersOf(requests)).toEqual([1, 2]);
  expect(cdc.status().state).toBe("sending");
  expect(notes.readiness.components().cdc).toEqual({ ok: true });
});

test("an event that is refused becomes a dead letter, and those around it are delivered in order", async () => {
  const { requests, url } = await receiver(({ body }) => (body.includes('"n":3') ? 422 : 200));
  const notes = await openNotes();
  const cdc = await notes.cdc({ ...base, broker: url });
  await notes.write(...[1, 2, 3, 4, 5].map((n) => JSON.stringify({ n })));
  await until(() => cdc.status().sent === 4);
  expect(numbersOf(requests)).toEqual([1, 2, 4, 5]);
  expect(cdc.status().deadLetters).toBe(1);
});

test("what the log cannot keep any longer is told, to the receiver too, and it goes on with what comes then", async () => {
  let isAway = true;
  const { requests, url } = await receiver(() => (isAway ? 503 : 200));
  const notes = await openNotes({ bytesMax: 10_000, windowBytes: 1000 });
  const cdc = await notes.cdc({ ...base, broker: url });
  await notes.write('{"n":1}');
  await until(() => cdc.status().state === "retrying");
  for (let n = 2; cdc.status().lost === 0; n++)
    await notes.write(JSON.stringify({ n, text: "x".repeat(1000) }));
  isAway = false;
  await until(() => requests.length > 0);
  await notes.write('{"n":-1}');
  await until(() => requests.some(({ body }) => body.includes('"n":-1')));
  const first = JSON.parse(requests[0]!.body) as { op: string; message: { content: string } }[];
  expect(first[0]).toMatchObject({ op: "m", message: { prefix: "weftkit.changes.lost" } });
  expect(Buffer.from(first[0]!.message.content, "base64").toString()).toMatch(/more than 10000 bytes/);
  expect(notes.readiness.components().cdc?.why).toMatch(/^changes were lost 1 times/);
  expect(await notes.metrics.getSingleMetricAsString("weftkit_cdc_lost_total")).toMatch(/} 1$/);
  expect(notes.fatal).toEqual([]);
});

test("a private address is refused unless it is allowed", async () => {
  const { requests, url } = await receiver(() => 200);
  const notes = await openNotes();
  const cdc = await notes.cdc({ ...base, broker: url, webhook_private_addresses: false });
  await notes.write('{"n":1}');
  await until(() => cdc.status().state === "retrying");
  expect(cdc.status().error).toMatch(/private address/);
  expect(requests).toEqual([]);
});
