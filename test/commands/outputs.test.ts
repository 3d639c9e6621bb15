import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { planOutputs, writerOf } from '../../src/commands/outputs.ts';
import { defaultView } from '../../src/formats/format.ts';
import { openTerminal } from '../../src/output/terminal.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderBytes } from '../helpers/rendered.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = mkdtempSync(join(temporaryFolder(), 'o-'));
const profile = profileFrom(['a;b 2', 'a 1']);

function terminalOf(isTTY: boolean) {
  const written: Uint8Array[] = [];
  const stdout = {
    isTTY,
    write: (text: string | Uint8Array, done?: () => void) => {
      written.push(Buffer.from(text));
      done?.();
      return true;
    },
  };
  const terminal = openTerminal({ stdout, stderr: stdout, env: {}, quiet: true });
  return { terminal, bytes: () => Buffer.concat(written) };
}

const plan = (output: string, format?: string) => planOutputs({ output: [output], format }, new Date(0))[0]!;

describe('outputs', () => {
  it('are written as bytes, to files and to stdout', async () => {
    const output = plan(join(folder, 'x.pb.gz'));
    const { terminal, bytes } = terminalOf(false);
    const write = writerOf(profile, defaultView, terminal);
    await write(output);
    await write(plan('-', 'pprof'));
    const expected = await renderBytes(output.format, profile);
    expect(gunzipSync(expected).length).toBeGreaterThan(0);
    expect(readFileSync(output.file).equals(expected)).toBe(true);
    expect(bytes().equals(expected)).toBe(true);
  });

  it('are not written to a terminal where they are no text', async () => {
    const { terminal, bytes } = terminalOf(true);
    await expect(writerOf(profile, defaultView, terminal)(plan('-', 'pprof'))).rejects.toThrow(/not for a terminal/);
    expect(bytes()).toHaveLength(0);
    await writerOf(profile, defaultView, terminal)(plan('-', 'collapsed'));
    expect(bytes().toString()).toContain('b (/app/main.py:1) 2');
  });

  it('take their format from the longest ending, and say which there are', () => {
    expect(plan(join(folder, 'x.speedscope.html')).format.name).toBe('speedscope-html');
    expect(plan(join(folder, 'x.firefox.json')).format.name).toBe('firefox');
    try {
      plan(join(folder, 'x.json'));
      expect.unreachable();
    } catch (error) {
      expect(String((error as { hint: string }).hint)).toMatch(/\.pb\.gz, .*\.firefox\.json, \.svg, .*\.md/);
    }
  });
});
