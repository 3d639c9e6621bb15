import { describe, expect, it } from 'vitest';
import { parseArguments, parseConfig, parseEnvironment } from '../../src/tracebacker/uwsgi-options.ts';

describe('parseArguments', () => {
  it('takes options with their values, flags, and config files in all their forms', () => {
    const line =
      'uwsgi --master -p 4 --py-tracebacker=/tmp/a. --py_tracebacker /tmp/b. --ini x.ini site.yaml --xml y.xml --lazy-apps';
    expect(parseArguments(line.split(' '))).toEqual({
      options: [
        ['master', 'true'],
        ['p', '4'],
        ['py-tracebacker', '/tmp/a.'],
        ['py-tracebacker', '/tmp/b.'],
        ['lazy-apps', 'true'],
      ],
      files: [
        { kind: 'ini', path: 'x.ini' },
        { kind: 'yaml', path: 'site.yaml' },
        { kind: 'xml', path: 'y.xml' },
      ],
    });
  });
});

describe('parseEnvironment', () => {
  it('takes what begins with UWSGI_', () => {
    const environment = new Map([
      ['UWSGI_PY_TRACEBACKER', '/tmp/tb.'],
      ['UWSGI_INI', '/etc/site.ini'],
      ['HOME', '/root'],
    ]);
    expect(parseEnvironment(environment)).toEqual({
      options: [['py-tracebacker', '/tmp/tb.']],
      files: [{ kind: 'ini', path: '/etc/site.ini' }],
    });
  });
});

describe('parseConfig', () => {
  const expected = [
    ['master', 'true'],
    ['py-tracebacker', '/tmp/tb.'],
    ['threads', '4'],
  ];

  it('reads ini, only its section', () => {
    const text =
      '[other]\nthreads = 9\n[uwsgi]\r\n; comment\n# comment\nmaster\npy-tracebacker = /tmp/tb.\nthreads=4\n[x]\nfoo=1\n';
    expect(parseConfig('ini', text)).toEqual([['master', 'true'], ...expected.slice(1)]);
  });

  it('reads yaml, with lists and quotes', () => {
    const text =
      '# c\nuwsgi:\n  master: true\n  py-tracebacker: "/tmp/tb."\n  threads: 4\n  env:\n    - A=1\n    - B=2\nother:\n  x: 1\n';
    expect(parseConfig('yaml', text)).toEqual([...expected, ['env', 'A=1'], ['env', 'B=2']]);
  });

  it('reads xml, without its comments', () => {
    const text =
      '<uwsgi>\n<master/>\n<!-- <threads>9</threads> -->\n<py-tracebacker>/tmp/tb.</py-tracebacker><threads> 4 </threads></uwsgi>';
    expect(parseConfig('xml', text)).toEqual(expected);
  });

  it.each(['ini', 'yaml', 'xml'] as const)('makes nothing of nonsense in %s', (kind) => {
    expect(parseConfig(kind, '\x00<<[[uwsgi::\n - : =\n')).toEqual([]);
  });
});
