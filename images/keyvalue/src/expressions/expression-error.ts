/** What is wrong with an expression, without the words in front that say which one it is. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
}
