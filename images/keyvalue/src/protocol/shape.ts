/** What a member of a request may be. Operations declare theirs as data, see `validation/`. */
export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | BlobShape
  | ListShape
  | MapShape
  | StructureShape
  | AttributeValueShape;

interface Constraints {
  /** Missing is a fault: "Member must not be null". */
  readonly required?: true;
  /** Newer checks of AWS's leave the value out, and write the member's name as it stands in the request. */
  readonly isToldShort?: true;
  /** After a fault here no more are looked for. */
  readonly endsFaults?: true;
}

export interface StringShape extends Constraints {
  readonly type: "string";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  /** A table's name or ARN; comes out as the name. */
  readonly isTable?: true;
  /** What is said of a value that is not in `enum`, in place of the usual. */
  readonly enumFault?: string;
}

export interface NumberShape extends Constraints {
  readonly type: "Integer" | "Long" | "Double" | "Timestamp";
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanShape extends Constraints {
  readonly type: "boolean";
}

export interface BlobShape extends Constraints {
  readonly type: "blob";
}

export interface ListShape extends Constraints {
  readonly type: "list";
  readonly of: Shape;
  readonly min?: number;
  readonly max?: number;
  /** A list inside of a map: AWS's parser complains in other words. */
  readonly isParameterized?: true;
}

export interface MapShape extends Constraints {
  readonly type: "map";
  readonly of: Shape;
  /** Of the values, as it stands in messages. */
  readonly className: string;
  readonly min?: number;
  readonly max?: number;
  readonly keys?: { readonly min: number; readonly max: number; readonly pattern: string };
  readonly values?: { readonly min: number; readonly max: number };
  readonly isParameterized?: true;
  /** Of attribute values: AWS's parser names the one that is nested too deeply. */
  readonly isNamedWhenDeep?: true;
}

export interface StructureShape extends Constraints {
  readonly type: "structure";
  readonly className: string;
  readonly members: Readonly<Record<string, Shape>>;
  /** A member of a structure, not of a list or a map. */
  readonly isField?: true;
}

export interface AttributeValueShape extends Constraints {
  readonly type: "attributeValue";
  readonly isField?: true;
}

/** The names of a request's members. */
export type Members = Readonly<Record<string, Shape>>;

const awsPackage = "com.amazonaws.dynamodb.v20120810.";

/** As Java writes the class of a map's values. */
export function javaClass(className: string): string {
  return className.includes(".") ? className : awsPackage + className;
}
