// The size of a file is not that of the memory which reading it takes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../programs/read-large.js', import.meta.url));
const megabytesFor = (size: number) => Number(execFileSync(process.execPath, [program, String(size)]).toString());

it('reading 300 MB of stacks takes little more memory than reading 30 MB', () => {
  expect(megabytesFor(300)).toBeLessThan(megabytesFor(30) + 80);
});
