/** Sends a command as clients do: an array of bulk strings. Text is UTF-8. */
export function writeRequest(
  socket: { write(bytes: Buffer | string): boolean },
  words: readonly (Buffer | string)[],
): void {
  socket.write(`*${words.length}\r\n`);
  for (const word of words) {
    socket.write(`$${Buffer.byteLength(word)}\r\n`);
    socket.write(word);
    socket.write("\r\n");
  }
}
