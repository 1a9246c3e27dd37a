export { isPrivateAddress } from "./addresses.ts";
export { type Message, type PostResult, post, signatureOf } from "./post.ts";
