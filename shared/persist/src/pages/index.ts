export { PagesStream, type PagesStreamOptions } from "./pages-stream.ts";
