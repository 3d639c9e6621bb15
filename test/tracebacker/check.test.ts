import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkServer, type ServerFacts } from '../../src/tracebacker/check.ts';
import { pythonMinorOf } from '../../src/tracebacker/facts.ts';
import { findNonAscii, scanSources } from '../../src/tracebacker/non-ascii.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const sound: ServerFacts = {
  options: [
    ['py-tracebacker', '/tmp/tb.'],
    ['wsgi-file', 'app.py'],
  ],
  unreadable: [],
  visible: true,
  hasTracebacker: true,
  foreignMasterThreads: 0,
  pythonMinor: 10,
  nonAscii: [],
  workers: [{ name: 'worker 1', verdict: 'ok', offers: 'tracebacker' }],
};
const withOptions = (...options: ServerFacts['options']) => ({ options: [...sound.options, ...options] });
const withoutTracebacker = { hasTracebacker: false, options: [['wsgi-file', 'app.py']] } as const;

const withAgent = [{ name: 'worker 1', verdict: 'ok', offers: 'both' }] as const;
/** All but the hint that there is no agent, which each of these servers lacks. */
const check = (facts: ServerFacts) => checkServer(facts).filter(({ kind }) => kind !== 'no-agent');

describe('checkServer', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(check(sound)).toEqual([]);
    expect(checkServer({ ...sound, workers: withAgent })).toEqual([]);
  });

  it('misses an agent where one is missing, and says who lacks it', () => {
    const stock = { name: 'worker 2', verdict: 'ok', offers: 'tracebacker' } as const;
    const [none] = checkServer(sound);
    expect(none).toMatchObject({ kind: 'no-agent', severity: 'hint', message: expect.stringMatching(/^no agent/) });
    expect(none!.remedy).toContain('tbprof agent --help');
    expect(checkServer({ ...sound, workers: [...withAgent, stock] })[0]!.message).toMatch(/^worker 2: no agent/);
    const [lame] = checkServer({ ...sound, ...withOptions(['import', 'tbprof_agent']) });
    expect(lame!.message).toMatch(/imported, but does not run/);
  });

  it('finds nothing that ails only tracebackers where all have agents', () => {
    const facts = { ...sound, workers: withAgent, pythonMinor: 12, nonAscii: [{ file: 'app.py', line: 7 }] };
    expect(checkServer(facts)).toEqual([]);
    const poisoned = [{ ...withAgent[0], verdict: 'poisoned' }];
    expect(checkServer({ ...facts, workers: poisoned })).toEqual([]);
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
      { workers: [...sound.workers, { name: 'worker 2', verdict: 'poisoned', offers: 'tracebacker' }] },
      'warning poisoned',
      /^worker 2: poisoned.*reload/s,
    ],
    [
      'a dump that stops',
      { workers: [{ name: 'worker 1', verdict: 'cut', offers: 'tracebacker' }] },
      'warning poisoned',
      /worker 1/,
    ],
    [
      'a denied worker',
      { workers: [{ name: 'worker 1', verdict: 'denied', offers: 'tracebacker' }] },
      'warning denied',
      /chmod-socket = 666/,
    ],
    [
      'a server of another user',
      { ...withoutTracebacker, options: [['threads', '2']], visible: false },
      'warning denied',
      /cannot be seen/,
    ],
    ['a config that cannot be read', { unreadable: ['/etc/site.ini'] }, 'hint unreadable-config', /site\.ini/],
    ['Python 3.11', { pythonMinor: 11 }, 'hint no-line-numbers', /Python 3\.11/],
  ])('finds %s', (_, facts, name, text) => {
    const findings = check({ ...sound, ...facts });
    expect(findings.map(({ severity, kind }) => `${severity} ${kind}`)).toEqual([name]);
    expect(`${findings[0]!.message} ${findings[0]!.remedy}`).toMatch(text);
  });

  it.each<[string, Partial<ServerFacts>]>([
    ['threads of a server that has none enabled, since py-tracebacker implies them', withOptions()],
    ['threads that an option enables', { ...withoutTracebacker, options: [['enable-threads', 'true']] }],
    [
      'one mount',
      {
        options: [
          ['py-tracebacker', '/tmp/tb.'],
          ['mount', '/a=a.py'],
        ],
      },
    ],
    ['mounts in one interpreter', withOptions(['mount', '/a=a.py'], ['single-interpreter', 'true'])],
    [
      'a server that is not asked because of another',
      { workers: [{ name: 'worker 1', verdict: 'spared', offers: 'tracebacker' }] },
    ],
  ])('does not mind %s', (_, facts) => {
    expect(check({ ...sound, ...facts })).toEqual([]);
  });

  it('tells the gravest first, and a few of many files', () => {
    const nonAscii = Array.from({ length: 9 }, (_, index) => ({ file: `f${index}.py`, line: 1 }));
    const findings = check({ ...sound, pythonMinor: 12, nonAscii, foreignMasterThreads: 1 });
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
