/** Threads that cross: the product's mark. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
      <path d="M1 5h4m4 0h6M1 11h6m4 0h4" />
      <path d="M5 1v8m0 4v2M11 1v2m0 4v8" />
    </svg>
  );
}
