export { EngineStore, type EngineStoreOptions } from "./engine-store.ts";
export { PagesStream, type PagesStreamOptions } from "./pages-stream.ts";
