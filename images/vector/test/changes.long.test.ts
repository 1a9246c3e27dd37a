import { join } from "node:path";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import { test } from "vitest";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);

interface Answer {
  readonly result: { readonly points: readonly { readonly payload: { readonly n: number } }[] };
}

async function call(port: number, method: string, path: string, body: unknown): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const url = `http://127.0.0.1:${port}${path}`;
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Answer;
}

test(
  "kill -9 while changes are sent to a file: the points of each request are there, in order, and no others",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        prepare: async (port) => {
          await call(port, "PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
        },
        connect: async (port) => ({
          write: async (n) => {
            const points = [2 * n, 2 * n + 1].map((id) => ({ id, vector: [n, 1], payload: { n } }));
            await call(port, "PUT", "/collections/c/points?wait=true", { points });
            return "committed";
          },
        }),
        stored: async (port) => {
          const { result } = await call(port, "POST", "/collections/c/points/scroll", { limit: 10_000 });
          return result.points.map(({ payload }) => payload.n);
        },
        numberOf: (row) => (row as { payload: { n?: number } } | null)?.payload.n,
      },
      rounds,
    ),
);
