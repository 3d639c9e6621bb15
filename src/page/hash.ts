// Values <-> the part of the address after `#`. What says nothing that is not said anyway is left out; what does not make
// sense is passed by, since anybody can write an address.

/** `usual` is the value that need not be said; null: there is none. Of names that come twice both are kept. */
export type HashPart = readonly [name: string, value: string, usual: string | null];

export function printHash(parts: readonly HashPart[]): string {
  const said = new URLSearchParams();
  for (const [name, value, usual] of parts) if (value !== usual) said.append(name, value);
  const text = said.toString();
  return text === '' ? '' : `#${text}`;
}

export class HashReader {
  readonly #parts: URLSearchParams;

  constructor(hash: string) {
    this.#parts = new URLSearchParams(hash.replace(/^#/, ''));
  }

  text(name: string): string | null {
    return this.#parts.get(name);
  }

  texts(name: string): string[] {
    return this.#parts.getAll(name);
  }

  isSet(name: string): boolean {
    return this.#parts.get(name) === '1';
  }

  oneOf<Value extends string>(name: string, values: readonly Value[], usual: Value): Value {
    return values.find((value) => value === this.#parts.get(name)) ?? usual;
  }

  whole(name: string): number | null {
    return whole(this.text(name) ?? '');
  }

  /** Each once. */
  wholes(name: string): number[] {
    return [...new Set((this.text(name) ?? '').split(' ').flatMap((part) => whole(part) ?? []))];
  }
}

function whole(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
