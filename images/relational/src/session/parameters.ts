import { PgError } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { decodeText } from "../types/texts.ts";
import type { PreparedStatement } from "./prepare.ts";
import type { SessionState } from "./state.ts";

/** The values of Bind. @throws PgError 08P01, 22P02, 22P03 */
export function decodeParameters(
  session: SessionState,
  { parameterOids }: PreparedStatement,
  values: readonly (Uint8Array | null)[],
  formats: readonly number[],
): Datum[] {
  if (values.length !== parameterOids.length) {
    throw new PgError(
      "08P01",
      `bind message supplies ${values.length} parameters, but prepared statement "" requires ${parameterOids.length}`,
    );
  }
  if (formats.length > 1 && formats.length !== values.length)
    throw new PgError(
      "08P01",
      `bind message has ${formats.length} parameter formats but ${values.length} parameters`,
    );
  const { io, catalog } = session;
  return values.map((bytes, i) => {
    if (bytes === null) return null;
    const format = formats.length === 0 ? 0 : formats.length === 1 ? formats[0] : formats[i];
    const ops = typeOps(catalog, parameterOids[i]!);
    if (format === 1) return ops.receive(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), -1, io);
    if (format !== 0) throw new PgError("22023", `unsupported format code: ${format}`);
    return ops.input(decodeText(bytes), -1, io);
  });
}
