const relations = new Map<number, string>();

/** A message of pgoutput in short form: `insert t 1 x`. */
export function readPgoutput(bytes: Buffer): string {
  let at = 1;
  const skip = (length: number) => {
    at += length;
    return at;
  };
  const int = (size: number) => bytes.readUIntBE(skip(size) - size, size);
  const letter = () => String.fromCharCode(int(1));
  const text = () => {
    const end = bytes.indexOf(0, at);
    const found = bytes.toString("utf8", at, end);
    at = end + 1;
    return found;
  };
  const cell = () => {
    const kind = letter();
    if (kind === "n") return "null";
    const length = int(4);
    return bytes.toString(kind === "t" ? "utf8" : "hex", at, skip(length));
  };
  const row = () => Array.from({ length: int(2) }, cell).join(" ");
  const name = () => relations.get(int(4)) ?? "?";
  switch (String.fromCharCode(bytes[0]!)) {
    case "B":
      return "begin";
    case "C":
      return "commit";
    case "Y":
      return `type ${int(4)} ${text()}.${text()}`;
    case "R": {
      const oid = int(4);
      const [schema, table] = [text(), text()];
      relations.set(oid, table);
      const identity = letter();
      const columns = Array.from({ length: int(2) }, () => {
        const mark = int(1) === 1 ? "*" : "";
        const column = `${text()}${mark}:${int(4)}`;
        at += 4;
        return column;
      });
      return `relation ${schema}.${table} ${identity} ${columns.join(" ")}`;
    }
    case "I": {
      const table = name();
      letter();
      return `insert ${table} ${row()}`;
    }
    case "U": {
      const table = name();
      const kind = letter();
      if (kind === "N") return `update ${table} ${row()}`;
      const old = row();
      return `update ${table} ${kind} ${old} ${letter()} ${row()}`;
    }
    case "D": {
      const table = name();
      return `delete ${table} ${letter()} ${row()}`;
    }
    case "T": {
      const count = int(4);
      at++;
      return `truncate ${Array.from({ length: count }, name).join(",")}`;
    }
    default:
      return `? ${bytes.toString("hex")}`;
  }
}
