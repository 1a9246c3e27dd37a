import { problemKind } from "@weftkit/http";

export const instanceNotFound = problemKind("instance-not-found", 404, "There is no such instance");
export const olderEpoch = problemKind("older-epoch", 409, "A later start of the instance is known");
export const idTaken = problemKind("id-taken", 409, "Another instance has this id");
export const instanceTooLarge = problemKind(
  "instance-too-large",
  413,
  "The instance says too much of itself",
);
export const registryFull = problemKind("registry-full", 503, "There is no room for more instances");
