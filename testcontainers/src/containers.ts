import { WeftKitContainer } from "./engine-container.ts";

// One class per engine, as suites name them.

/** PostgreSQL's protocol. */
export class RelationalContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("relational", image);
  }
}

/** MongoDB's protocol. */
export class DocumentContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("document", image);
  }
}

/** Bolt and Cypher. */
export class GraphContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("graph", image);
  }
}

/** Redis's protocol. */
export class InmemoryContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("inmemory", image);
  }
}

/** DynamoDB's API. */
export class KeyvalueContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("keyvalue", image);
  }
}

/** Vector search: gRPC and HTTP, Qdrant's API too. */
export class VectorContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("vector", image);
  }
}

/** Documents in Markdown, over HTTP. */
export class MarkdownContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("markdown", image);
  }
}

/** S3's API. */
export class FilestoreContainer extends WeftKitContainer {
  constructor(image?: string) {
    super("filestore", image);
  }
}
