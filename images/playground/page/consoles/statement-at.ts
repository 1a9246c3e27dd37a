/**
 * The statement of SQL around a place in a text: what stands between the semicolons that are not in strings, quoted names,
 * dollar quotes or comments. Beyond the last semicolon it is the statement before, when nothing follows.
 */
export function statementAt(text: string, at: number): string {
  let start = 0;
  let last = "";
  for (const end of [...ends(text), text.length]) {
    const statement = text.slice(start, end).trim();
    if (statement !== "") {
      last = statement;
      if (at <= end + 1) return statement;
    }
    start = end + 1;
  }
  return last;
}

/** Where its semicolons are. */
function ends(text: string): number[] {
  const found: number[] = [];
  const tokens =
    /--[^\n]*|\/\*|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$([A-Za-z_]\w*)?\$|[A-Za-z_0-9]+(?:\$\w*)*|;/g;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [token] = match;
    if (token === ";") found.push(match.index);
    else if (token === "/*") tokens.lastIndex = endOfComment(text, match.index);
    else if (token.startsWith("$")) {
      const end = text.indexOf(token, tokens.lastIndex);
      tokens.lastIndex = end === -1 ? text.length : end + token.length;
    } else if (/^e$/i.test(token) && text[tokens.lastIndex] === "'") {
      // E'...' has backslashes.
      const string = /'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y;
      string.lastIndex = tokens.lastIndex;
      if (string.test(text)) tokens.lastIndex = string.lastIndex;
    }
  }
  return found;
}

/** Comments nest. */
function endOfComment(text: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 0;
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
