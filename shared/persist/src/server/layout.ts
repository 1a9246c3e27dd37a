/** Where a subtree's objects are. The subtree and the names are checked before they come here. */
export const layout = {
  head: (subtree: string) => `${subtree}/head`,
  manifest: (subtree: string, sha256: string) => `${subtree}/manifests/${sha256}`,
  part: (subtree: string, sha256: string) => `${subtree}/parts/${sha256}`,
} as const;
