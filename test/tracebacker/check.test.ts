import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkServer, type ServerFacts } from '../../src/tracebacker/check.ts';
import { pythonMinorOf } from '../../src/tracebacker/facts.ts';
import { findNonAscii, scanSources } from '../../src/tracebacker/non-ascii.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const agent = ['import', 'tbprof_agent'] as const;
const sound: ServerFacts = {
  options: [['py-tracebacker', '/tmp/tb.'], ['wsgi-file', 'app.py'], agent],
  unreadable: [],
  visible: true,
  hasTracebacker: true,
  foreignMasterThreads: 0,
  pythonMinor: 10,
  nonAscii: [],
  workers: [{ name: 'worker 1', verdict: 'ok' }],
};
const withOptions = (...options: ServerFacts['options']) => ({ options: [...sound.options, ...options] });
const withoutTracebacker = { hasTracebacker: false, options: [['wsgi-file', 'app.py']] } as const;

describe('checkServer', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(checkServer(sound)).toEqual([]);
  });

  it.each<[string, Partial<ServerFacts>, string, RegExp]>([
    ['a thread in the master', { foreignMasterThreads: 1 }, 'danger threads-before-fork', /lazy-apps = true/],
    [
      'a thread in the master in spite of lazy-apps',
      { foreignMasterThreads: 2, ...withOptions(['lazy-apps', 'true']) },
      'danger threads-before-fork',
      /shared-import/,
    ],
    [
      'lazy-apps that is switched off',
      { foreignMasterThreads: 1, ...withOptions(['lazy-apps', 'false']) },
      'danger threads-before-fork',
      /set lazy-apps/,
    ],
    [
      'a thread in the master that Python is told of',
      { foreignMasterThreads: 1, ...withOptions(['py-call-osafterfork', 'true']) },
      'warning threads-before-fork',
      /lazy-apps/,
    ],
    ['threads switched off', withoutTracebacker, 'warning threads-disabled', /enable-threads/],
    ['two mounts', withOptions(['mount', '/a=a.py']), 'warning several-interpreters', /single-interpreter/],
    ['source', { nonAscii: [{ file: 'app.py', line: 7 }] }, 'warning non-ascii-source', /app\.py:7/],
    [
      'a poisoned worker',
      { workers: [...sound.workers, { name: 'worker 2', verdict: 'poisoned' }] },
      'warning poisoned',
      /^worker 2: poisoned.*reload/s,
    ],
    ['a dump that stops', { workers: [{ name: 'worker 1', verdict: 'cut' }] }, 'warning poisoned', /worker 1/],
    ['a denied worker', { workers: [{ name: 'worker 1', verdict: 'denied' }] }, 'warning denied', /chmod-socket = 666/],
    [
      'a server of another user',
      { ...withoutTracebacker, options: [['threads', '2']], visible: false },
      'warning denied',
      /cannot be seen/,
    ],
    ['a config that cannot be read', { unreadable: ['/etc/site.ini'] }, 'hint unreadable-config', /site\.ini/],
    ['Python 3.11', { pythonMinor: 11 }, 'hint no-line-numbers', /Python 3\.11/],
    ['no agent', { options: [['py-tracebacker', '/tmp/tb.']] }, 'hint no-agent', /stock tracebacker/],
  ])('finds %s', (_, facts, name, text) => {
    const findings = checkServer({ ...sound, ...facts });
    expect(findings.map(({ severity, kind }) => `${severity} ${kind}`)).toEqual([name]);
    expect(`${findings[0]!.message} ${findings[0]!.remedy}`).toMatch(text);
  });

  it.each<[string, Partial<ServerFacts>]>([
    ['threads of a server that has none enabled, since py-tracebacker implies them', withOptions()],
    ['threads that an option enables', { ...withoutTracebacker, options: [['enable-threads', 'true']] }],
    ['one mount', { options: [['py-tracebacker', '/tmp/tb.'], ['mount', '/a=a.py'], agent] }],
    ['mounts in one interpreter', withOptions(['mount', '/a=a.py'], ['single-interpreter', 'true'])],
    ['a server that is not asked because of another', { workers: [{ name: 'worker 1', verdict: 'spared' }] }],
  ])('does not mind %s', (_, facts) => {
    expect(checkServer({ ...sound, ...facts })).toEqual([]);
  });

  it('tells the gravest first, and a few of many files', () => {
    const nonAscii = Array.from({ length: 9 }, (_, index) => ({ file: `f${index}.py`, line: 1 }));
    const findings = checkServer({ ...sound, pythonMinor: 12, nonAscii, foreignMasterThreads: 1 });
    expect(findings.map(({ severity }) => severity)).toEqual(['danger', 'warning', 'hint']);
    expect(findings[1]!.message).toMatch(/f4\.py:1, and 4 files more/);
    expect(findings[1]!.message).not.toContain('f5.py');
  });
});

describe('scanSources', () => {
  const folder = temporaryFolder();

  it('finds the first line of each file, and passes over what is no readable file', () => {
    const file = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const french = file('french.py', 'a = 1\nb = 2\n# caf\u00e9\n# \u00e9t\u00e9\n');
    const files = [file('plain.py', 'a = 1\n'), french, french, join(folder, 'none.py'), folder, '/dev/zero', 'a\0b'];
    mkdirSync(join(folder, 'x'));
    expect(scanSources(process.pid, files)).toEqual([{ file: french, line: 3 }]);
  });

  it('counts lines from 1', () => {
    expect(findNonAscii(Buffer.from('\u00e9'))).toBe(1);
    expect(findNonAscii(Buffer.from('a\n\n\u00e9\n'))).toBe(3);
    expect(findNonAscii(Buffer.from('abc'))).toBeNull();
  });
});

describe('pythonMinorOf', () => {
  it.each<[string | null, number | null]>([
    ['7fab r-xp 0 fe:00 3 /usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0\n', 11],
    ['7fab r-xp 0 fe:00 3 /usr/lib/python3.9/lib-dynload/_json.cpython-39-x86_64-linux-gnu.so\n', 9],
    ['7fab r-xp 0 fe:00 3 /usr/bin/uwsgi-core\n', null],
    [null, null],
  ])('reads %s', (map, minor) => {
    expect(pythonMinorOf(map)).toBe(minor);
  });
});
