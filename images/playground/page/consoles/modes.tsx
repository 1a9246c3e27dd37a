export interface ModesProps<Mode extends string> {
  readonly label: string;
  /** By mode: its title. */
  readonly modes: Readonly<Record<Mode, string>>;
  readonly chosen: Mode;
  onChoose(mode: Mode): void;
}

/** One of a few: arrow keys go between them, as they are radio buttons. */
export function Modes<Mode extends string>({ label, modes, chosen, onChoose }: ModesProps<Mode>) {
  return (
    <fieldset class="modes">
      <legend class="visually-hidden">{label}</legend>
      {(Object.keys(modes) as Mode[]).map((mode) => (
        <label key={mode}>
          <input
            type="radio"
            name={label}
            value={mode}
            checked={mode === chosen}
            onChange={() => onChoose(mode)}
          />
          {modes[mode]}
        </label>
      ))}
    </fieldset>
  );
}
