// Adds to a counter in a store by compare-and-swap, as one of several processes: server-folder-store.test.ts.
import { FolderStore } from "../src/server/folder/folder-store.ts";

const [folder = "", increments = "0"] = process.argv.slice(2);
const store = await FolderStore.open(folder);
for (let done = 0; done < Number(increments); ) {
  const before = await store.get("counter", 100);
  const count = before === undefined ? 0 : Number(Buffer.from(before.body).toString());
  const condition = before === undefined ? ({ ifAbsent: true } as const) : { ifMatch: before.etag };
  if ((await store.put("counter", Buffer.from(String(count + 1)), condition)) !== undefined) done++;
}
store.close();
