import { describe, expect, onTestFinished, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const wiki = "/collections/wiki";

/** Events of a stream, as they come. */
async function* follow(engine: RunningEngine, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(`${engine.url}${wiki}/changes`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: abort.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const event = field("event");
      yield event === undefined
        ? { event: "comment", id: undefined, data: undefined }
        : { event, id: field("id"), data: JSON.parse(field("data")!) };
    }
  }
}

async function next(events: ReturnType<typeof follow>) {
  const { value, done } = await events.next();
  return done === true ? undefined : value;
}

describe("changes", () => {
  test("stream as they happen", async () => {
    const engine = await RunningEngine.withWiki();
    const events = follow(engine);
    expect(await next(events)).toMatchObject({ event: "comment" });
    await engine.put("a", "[[b]]");
    await engine.put("b", "b");
    await engine.call("POST", `${wiki}/rename/b`, { body: { to: "c" } });
    await engine.call("DELETE", `${wiki}/documents/a`);
    expect(await next(events)).toMatchObject({
      event: "created",
      data: { id: "a", version: 1, author: "anonymous" },
    });
    expect(await next(events)).toMatchObject({ event: "created", data: { id: "b" } });
    expect(await next(events)).toMatchObject({
      event: "renamed",
      data: { id: "c", previousId: "b", version: 2 },
    });
    expect(await next(events)).toMatchObject({ event: "updated", data: { id: "a", version: 2 } });
    expect(await next(events)).toMatchObject({ event: "deleted", data: { id: "a" } });
  });

  test("go on after the last one that a client has seen, also after a restart", async () => {
    const engine = await RunningEngine.withWiki();
    for (const id of ["a", "b", "c"]) await engine.put(id, "x");
    const { next: token } = (await engine.call("GET", `${wiki}/changes?limit=1`)).json;
    await engine.image.stop();
    const again = await RunningEngine.start({ dataDir: engine.dataDir });
    const events = follow(again, { "last-event-id": token });
    await next(events);
    expect(await next(events)).toMatchObject({ event: "created", data: { id: "b" } });
    expect(await next(events)).toMatchObject({ event: "created", data: { id: "c" } });
  });

  test("that were forgotten are said to be", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "x");
    const events = follow(engine, { "last-event-id": "999999" });
    expect(await next(events)).toMatchObject({ event: "reset" });
    await engine.put("b", "x");
    expect(await next(events)).toMatchObject({ event: "created", data: { id: "b" } });
  });

  test("come in pages of JSON too", async () => {
    const engine = await RunningEngine.withWiki();
    for (const id of ["a", "b", "c"]) await engine.put(id, "x");
    const first = (await engine.call("GET", `${wiki}/changes?limit=2`)).json;
    expect(first).toMatchObject({ changes: [{ id: "a" }, { id: "b" }], isReset: false });
    const rest = (await engine.call("GET", `${wiki}/changes?after=${first.next}`)).json;
    expect(rest.changes).toMatchObject([{ id: "c", type: "created" }]);
    expect((await engine.call("GET", `${wiki}/changes?after=${rest.next}`)).json.changes).toEqual([]);
  });

  test("start anew for who has seen more than there is, as after a restore", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "x");
    const { next: known } = (await engine.call("GET", `${wiki}/changes`)).json;
    const ahead = known.replace(/\d+$/, (sequence: string) => String(Number(sequence) + 5));
    const reply = (await engine.call("GET", `${wiki}/changes?after=${ahead}`)).json;
    expect(reply).toMatchObject({ isReset: true, changes: [{ id: "a" }] });
  });

  test("end their streams when the engine closes", async () => {
    const engine = await RunningEngine.withWiki();
    const events = follow(engine);
    await next(events);
    const stopped = engine.image.stop();
    expect(await next(events)).toBeUndefined();
    await stopped;
  });
});
