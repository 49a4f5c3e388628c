// Light, dark, or as the system has it. What is drawn on canvases hears of every change.
import { find, setText } from "./dom.js";

const schemes = ["auto", "light", "dark"] as const;
type Scheme = (typeof schemes)[number];
const key = "sparring-theme";
const listeners: (() => void)[] = [];
let scheme: Scheme = stored();

/** Calls back whenever colours changed. */
export function onTheme(call: () => void): void {
  listeners.push(call);
}

export function startTheme(): void {
  const button = find("theme");
  const apply = () => {
    const { style } = document.documentElement;
    style.colorScheme = scheme === "auto" ? "light dark" : scheme;
    setText(button, `Colours: ${scheme}`);
    for (const call of listeners) call();
  };
  button.addEventListener("click", () => {
    scheme = schemes[(schemes.indexOf(scheme) + 1) % schemes.length] as Scheme;
    localStorage.setItem(key, scheme);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}

function stored(): Scheme {
  const found = localStorage.getItem(key);
  return schemes.find((one) => one === found) ?? "auto";
}
