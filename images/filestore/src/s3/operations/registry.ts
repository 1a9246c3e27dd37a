import type { Operation } from "../operation.ts";
import {
  createBucketOperation,
  deleteBucketOperation,
  getBucketLocationOperation,
  headBucketOperation,
} from "./bucket.ts";
import { deleteObjectOperation, deleteObjectsOperation } from "./delete-object.ts";
import { getObjectOperation, headObjectOperation } from "./get-object.ts";
import { listBucketsOperation } from "./list-buckets.ts";
import { listObjectVersionsOperation } from "./list-object-versions.ts";
import { listObjectsOperation, listObjectsV2Operation } from "./list-objects.ts";
import { putObjectOperation } from "./put-object.ts";

/** Every operation. */
export const operations: readonly Operation[] = [
  listBucketsOperation,
  createBucketOperation,
  headBucketOperation,
  deleteBucketOperation,
  getBucketLocationOperation,
  listObjectsOperation,
  listObjectsV2Operation,
  listObjectVersionsOperation,
  putObjectOperation,
  getObjectOperation,
  headObjectOperation,
  deleteObjectOperation,
  deleteObjectsOperation,
];
