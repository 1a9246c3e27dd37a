export { type Arn, accountId, arnOf, parseArn } from "./arn.ts";
export { AwsError, type AwsErrorFields } from "./aws-error.ts";
export {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  combineChecksums,
  isCombinable,
  type RunningChecksum,
  runningChecksum,
} from "./checksums/checksums.ts";
export {
  AwsChunkedDecoder,
  AwsChunkedError,
  type AwsChunkedOptions,
  type ChunkFault,
  type ChunkSigning,
} from "./chunked/aws-chunked.ts";
export { newRequestId } from "./request-id.ts";
export { type AwsIdentity, RequestVerifier, type RequestVerifierOptions } from "./request-verifier.ts";
export { type RpcAnswer, type RpcRequest, RpcServer, type RpcServerOptions } from "./rpc-server.ts";
export {
  canonicalQuery,
  canonicalRequest,
  encodeRfc3986,
  type SignedRequest,
  signatureOf,
  stringToSign,
} from "./sigv4/canonical.ts";
export { type Credential, type ReadSignature, readSignature } from "./sigv4/read-signature.ts";
export { presign, sign } from "./sigv4/sign.ts";
export { SigningKeys } from "./sigv4/signing-key.ts";
export {
  childOf,
  childrenOf,
  parseXml,
  textOf,
  type XmlElement,
  XmlError,
} from "./xml/parse-xml.ts";
export { escapeXml, xmlDocument, xmlElement, xmlText } from "./xml/write-xml.ts";
