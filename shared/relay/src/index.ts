export {
  type Arrival,
  type ArrivalOptions,
  arrive,
  type PostgresTlsChoice,
  type TlsChoice,
} from "./arrival.ts";
export { ArrivalError, type ArrivalErrorCode, FirstBytes } from "./first-bytes.ts";
export { grpcCodes, httpStatuses, problemOf, refusalHeaders, refuseStream } from "./refusals/http.ts";
export { type RefusalReason, refusalTexts } from "./refusals/reason.ts";
export { refuse } from "./refusals/refuse.ts";
export { type ChooseAlpn, TlsFront } from "./tls-front.ts";
