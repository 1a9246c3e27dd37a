export interface EditBarProps {
  readonly isEditing: boolean;
  /** Nothing can be begun while something runs. */
  readonly isRunning: boolean;
  edit(): void;
  remove(): void;
  save(): void;
  discard(): void;
}

/** What can be done with something that is shown, or being edited. */
export function EditBar({ isEditing, isRunning, edit, remove, save, discard }: EditBarProps) {
  return (
    <div class="bar">
      {isEditing ? (
        <>
          <button type="button" class="primary" onClick={save} disabled={isRunning}>
            Save <kbd>Ctrl ⏎</kbd>
          </button>
          <button type="button" onClick={discard} disabled={isRunning}>
            Discard
          </button>
        </>
      ) : (
        <>
          <button type="button" onClick={edit} disabled={isRunning}>
            Edit
          </button>
          <button type="button" onClick={remove} disabled={isRunning}>
            Delete
          </button>
        </>
      )}
    </div>
  );
}
