export { type Arn, accountId, arnOf, parseArn } from "./arn.ts";
export { AwsError, type AwsErrorFields } from "./aws-error.ts";
export { newRequestId } from "./request-id.ts";
export { type AwsIdentity, RequestVerifier, type RequestVerifierOptions } from "./request-verifier.ts";
export { type RpcAnswer, type RpcRequest, RpcServer, type RpcServerOptions } from "./rpc-server.ts";
export {
  canonicalQuery,
  canonicalRequest,
  type SignedRequest,
  signatureOf,
  stringToSign,
} from "./sigv4/canonical.ts";
export { type Credential, type ReadSignature, readSignature } from "./sigv4/read-signature.ts";
export { presign, sign } from "./sigv4/sign.ts";
export { SigningKeys } from "./sigv4/signing-key.ts";
