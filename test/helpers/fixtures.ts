// Files of test/fixtures and goldens of test/golden.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
}

/** Compares with test/golden/NAME; `npm run bless` writes it instead. */
export function expectGolden(name: string, text: string): void {
  const url = new URL(`../golden/${name}`, import.meta.url);
  if (process.env.TBPROF_BLESS === '1') {
    mkdirSync(dirname(url.pathname), { recursive: true });
    writeFileSync(url, text);
  }
  expect(text, `differs from test/golden/${name}; if it should: npm run bless`).toBe(readFileSync(url, 'utf8'));
}

/** Splits a file of dumps, one after another, as clients received them. */
export function splitDumps(bytes: Uint8Array): Uint8Array[] {
  const banner = '*** uWSGI Python tracebacker output ***';
  return Buffer.from(bytes)
    .toString('latin1')
    .split(banner)
    .slice(1)
    .map((dump) => Buffer.from(banner + dump, 'latin1'));
}
