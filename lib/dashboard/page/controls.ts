// Fields with their labels.
import { make, setText } from "./dom.js";

/** A field whose value can be set from outside, without an event. */
export interface Field<T> {
  readonly element: HTMLElement;
  /** @param shown what stands beside it in words */
  set(value: T, shown?: string): void;
}

let fields = 0;

export function slider(
  name: string,
  min: number,
  max: number,
  step: number,
  onInput: (value: number) => void,
): Field<number> {
  const id = `field-${++fields}`;
  const input = make("input", {
    type: "range",
    id,
    min: String(min),
    max: String(max),
    step: String(step),
  });
  const value = make("span", { class: "value" });
  input.addEventListener("input", () => onInput(input.valueAsNumber));
  return {
    element: make("div", { class: "slider" }, make("label", { htmlFor: id }, name), input, value),
    set(to, shown = String(to)) {
      if (input.valueAsNumber !== to) input.value = String(to);
      setText(value, shown);
      input.setAttribute("aria-valuetext", shown);
    },
  };
}

/** A whole number from 0 on. */
export function numberField(name: string, onInput: (value: number) => void): Field<number> {
  const id = `field-${++fields}`;
  const input = make("input", {
    id,
    type: "number",
    min: "0",
    max: String(Number.MAX_SAFE_INTEGER),
    step: "1",
  });
  input.addEventListener("input", () => {
    if (Number.isSafeInteger(input.valueAsNumber) && input.valueAsNumber >= 0)
      onInput(input.valueAsNumber);
  });
  return {
    element: make("div", { class: "field" }, make("label", { htmlFor: id }, name), input),
    set(to) {
      // Not while somebody is typing it.
      if (input.valueAsNumber !== to) input.value = String(to);
    },
  };
}

type Options = readonly (readonly [value: string, text: string])[];

/** A field whose value is one of some, which may become others. */
export interface Choice extends Field<string> {
  /** Offers these, and leaves what is chosen as it is. */
  offer(options: Options): void;
}

export function choice(name: string, options: Options, onChange: (value: string) => void): Choice {
  const id = `field-${++fields}`;
  const select = make("select", { id });
  const offer = (offered: Options) => {
    const { value } = select;
    select.replaceChildren(...offered.map(([value, text]) => make("option", { value }, text)));
    if (offered.some(([one]) => one === value)) select.value = value;
  };
  offer(options);
  select.addEventListener("change", () => onChange(select.value));
  return {
    element: make("div", { class: "field" }, make("label", { htmlFor: id }, name), select),
    set(to) {
      select.value = to;
    },
    offer,
  };
}
