// Making elements. Text goes in as text only: everything that the page shows comes from the sampled program.

/** An element of the page that must be there. */
export function byId<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

export function element(tag: string, className: string, ...content: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...content);
  return made;
}

export function button(text: string, onClick: () => void, { title = '', className = '' } = {}): HTMLButtonElement {
  const made = element('button', className, text) as HTMLButtonElement;
  made.type = 'button';
  if (title !== '') made.title = title;
  made.addEventListener('click', onClick);
  return made;
}

/** A colour of the style sheet as canvases take it: without its choice between light and dark. */
export function colourOfStyle(name: `--${string}`): string {
  const probe = element('i', 'unseen');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A list to choose from; `names` are what is shown, by value. */
export function fillSelect<Value extends string>(
  select: HTMLSelectElement,
  names: Readonly<Record<Value, string>>,
  onChange: (value: Value) => void,
): void {
  for (const [value, name] of Object.entries<string>(names)) {
    const option = element('option', '', name) as HTMLOptionElement;
    option.value = value;
    select.append(option);
  }
  select.addEventListener('change', () => onChange(select.value as Value));
}
