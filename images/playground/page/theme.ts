import { signal } from "@preact/signals";

const key = "weftkit-theme";

/** What somebody chose; `system` follows the system. */
export const theme = signal<"system" | "light" | "dark">(stored());

function stored(): "system" | "light" | "dark" {
  const value = localStorage.getItem(key);
  return value === "light" || value === "dark" ? value : "system";
}

export function applyTheme(): void {
  const { value } = theme;
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

/** Light, dark, and back. */
export function switchTheme(): void {
  const isDark =
    theme.value === "dark" ||
    (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  theme.value = isDark ? "light" : "dark";
  localStorage.setItem(key, theme.value);
  applyTheme();
}
