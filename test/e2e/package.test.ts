// The package as npm would publish it, installed without the dependencies of development.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the npm package', () => {
  const folder = temporaryFolder();
  const tbprof = join(folder, 'global/bin/tbprof');
  const run = (command: string, args: readonly string[], cwd = folder) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });

  beforeAll(() => {
    // Without the build of `prepack`: it would take dist/ away from the tests beside this one.
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
    run('npm', [
      'install',
      '--global',
      '--prefix',
      join(folder, 'global'),
      '--no-audit',
      '--no-fund',
      join(folder, tarball),
    ]);
  });

  it('brings few dependencies', () => {
    const modules = join(folder, 'global/lib/node_modules/tbprof/node_modules');
    expect(
      readdirSync(modules)
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(['@commander-js', 'commander', 'pprof-format']);
  });

  it('has a command with help', () => {
    expect(run(tbprof, ['--help'])).toContain('Usage: tbprof');
  });

  it('brings the agent, and nothing that Python left beside it', () => {
    const installed = join(folder, 'global/lib/node_modules/tbprof/agent');
    expect(readdirSync(installed)).toEqual(['tbprof_agent.py']);
    const source = readFileSync(join(root, 'agent/tbprof_agent.py'), 'utf8');
    expect(run(tbprof, ['agent'])).toBe(source);
    mkdirSync(join(folder, 'site'));
    run(tbprof, ['agent', '--install', 'site']);
    expect(readFileSync(join(folder, 'site/tbprof_agent.py'), 'utf8')).toBe(source);
  });

  it('plays the demo and writes its page', () => {
    run(tbprof, ['demo', '-d', '500ms', '-q', '-o', 'demo.html']);
    expect(existsSync(join(folder, 'demo.html'))).toBe(true);
    expect(run(tbprof, ['report', 'demo.html'])).toMatch(/hottest functions/);
  });
});
