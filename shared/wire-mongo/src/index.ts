export {
  bsonTypes,
  documentLength,
  elementValue,
  fieldName,
  findField,
  isUtf8Text,
  requireDocument,
  requireValidDocument,
  valueLength,
} from "./bson-elements.ts";
export { type CompressorName, compressors } from "./compression.ts";
export { frameLength, headerBytes, messageBytesMax, opCodes } from "./frame.ts";
export { type DocumentSequence, type Message, type MsgMessage, msgFlags, readMessage } from "./messages.ts";
export { WireMongoError, type WireMongoErrorCode } from "./violation.ts";
export { compressMessage, type OutgoingMsg, writeMsg, writeQuery, writeReply } from "./write.ts";
export {
  binaryElement,
  booleanElement,
  dateElement,
  documentElement,
  documentOf,
  doubleElement,
  intElement,
  listElement,
  longsElement,
  textElement,
} from "./write-document.ts";
