/** Light or dark: as the system has it, until the button says otherwise. */
const KEY = "pivot.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function watchTheme(button) {
  let chosen = remembered();
  const shown = () => chosen ?? (dark.matches ? "dark" : "light");
  const draw = () => {
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.setAttribute("aria-pressed", shown() === "dark");
  };
  button.addEventListener("click", () => {
    chosen = shown() === "dark" ? "light" : "dark";
    remember(chosen);
    draw();
  });
  dark.addEventListener("change", draw);
  draw();
}

function remembered() {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "dark" || theme === "light" ? theme : null;
  } catch {
    return null;
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is switched off: the choice holds until the page is closed.
  }
}
