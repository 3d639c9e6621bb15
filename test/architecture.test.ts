// The import law of ARCHITECTURE.md: what each folder of src/ may import, and where Node and the console may be used.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What commands may use of src/ itself. */
const rootFiles = ['errors.ts', 'live-profile.ts', 'options.ts', 'pipeline.ts', 'recorder.ts', 'visible.ts'];

/** Folder -> what it may import besides itself. Files of src/ itself go by their own name. */
const law: Record<string, readonly string[]> = {
  profile: [],
  aggregate: ['profile'],
  stream: ['profile', 'errors.ts'],
  // Dumps that were saved, and logs, are read by what reads those of sockets.
  formats: ['aggregate', 'profile', 'stream', 'tracebacker', 'errors.ts', 'visible.ts'],
  tracebacker: ['errors.ts'],
  sampling: ['tracebacker', 'errors.ts'],
  output: ['errors.ts'],
  page: ['aggregate', 'formats', 'profile', 'stream'],
  commands: ['aggregate', 'formats', 'output', 'profile', 'sampling', 'tracebacker', ...rootFiles],
  'cli.ts': ['commands', 'formats', 'output', 'profile', 'errors.ts', 'options.ts', 'visible.ts'],
  'pipeline.ts': ['formats', 'output', 'profile', 'stream', 'errors.ts', 'recorder.ts'],
  'recorder.ts': ['profile', 'sampling', 'tracebacker', 'live-profile.ts'],
  'live-profile.ts': ['profile', 'stream', 'intake.ts'],
  'intake.ts': ['profile', 'sampling', 'tracebacker', 'stream-intake.ts'],
  'stream-intake.ts': ['profile', 'sampling', 'stream'],
  'options.ts': ['errors.ts'],
  'errors.ts': [],
  'visible.ts': [],
};

const mayUseNode = ['tracebacker', 'sampling', 'output', 'cli.ts'];
const packages: Record<string, readonly string[]> = {
  'cli.ts': ['@commander-js/extra-typings'],
  formats: ['pprof-format'],
  page: ['d3-flame-graph', 'd3-selection'],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.d)\.ts$/.test(file));
const placeOf = (file: string) => file.split('/')[0]!;

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (?:[\w\s{},*]+ from )?'([^']+)'/gm)].map((match) => match[1]!);
}

describe('the import law', () => {
  it('knows every folder and every file of src/', () => {
    expect([...new Set(files.map(placeOf))].sort()).toEqual(Object.keys(law).sort());
  });

  it.each(files)('holds for %s', (file) => {
    const place = placeOf(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('node:')) {
        expect(mayUseNode, `${file} imports ${specifier}`).toContain(place);
      } else if (specifier.startsWith('.')) {
        const target = placeOf(relative(src, join(src, file, '..', specifier)));
        expect([place, ...law[place]!], `${file} imports ${specifier}`).toContain(target);
      } else {
        expect(packages[place] ?? [], `${file} imports ${specifier}`).toContain(specifier);
      }
    }
  });

  it.each(files.filter((file) => file !== 'cli.ts'))('%s neither prints nor exits by itself', (file) => {
    expect(readFileSync(join(src, file), 'utf8')).not.toMatch(
      /\bconsole\.|process\.exit|process\.stdout|process\.stderr/,
    );
  });
});
