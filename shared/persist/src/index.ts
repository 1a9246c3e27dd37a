export type * from "./contract/index.ts";
export type * from "./stream.ts";
