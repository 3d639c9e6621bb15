import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coreOf,
  groupFrames,
  labelFrame,
  labelThread,
  labelWorker,
  moduleOf,
  shortenFile,
} from '../../src/profile/labels.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('shortenFile and moduleOf', () => {
  it.each([
    ['/usr/lib/python3/dist-packages/django/core/handlers/base.py', 'django/core/handlers/base.py', 'django'],
    ['/srv/venv/lib/python3.12/site-packages/six.py', 'six.py', 'six'],
    ['/usr/lib/python3.11/json/decoder.py', 'json/decoder.py', 'json'],
    ['/usr/lib/python3.11/socket.py', 'socket.py', 'socket'],
    ['/srv/shop/views.py', '/srv/shop/views.py', '/srv/shop/views.py'],
    ['/home/me/code/shop/views.py', 'code/shop/views.py', 'code/shop/views.py'],
    ['<string>', '<string>', '<string>'],
    ['', '', ''],
  ])('%s is %s of module %s', (file, short, module) => {
    expect(shortenFile(file)).toBe(short);
    expect(moduleOf(file)).toBe(module);
  });
});

describe('labelFrame', () => {
  const profile = profileFrom(['view@/usr/lib/python3/dist-packages/django/x.py:7 1']);

  it.each([
    ['line', 'view (django/x.py:7)'],
    ['function', 'view (django/x.py)'],
    ['file', 'django/x.py'],
    ['module', 'django'],
  ] as const)('by %s is %s', (by, label) => {
    expect(labelFrame(profile, 0, by)).toBe(label);
  });
});

describe('groupFrames', () => {
  it('keeps files apart whose short names are alike', () => {
    const profile = profileFrom(['f@/a/x/y/z/views.py:1 1', 'f@/b/x/y/z/views.py:1 1', 'g@/a/x/y/z/views.py:1 1']);
    expect(groupFrames(profile, 'function').labels).toEqual([
      'f (/a/x/y/z/views.py)',
      'f (/b/x/y/z/views.py)',
      'g (y/z/views.py)',
    ]);
  });

  it('keeps modules apart that are no packages and whose short names are alike', () => {
    const profile = profileFrom(['f@/a/x/y/z/views.py:1 1', 'f@/b/x/y/z/views.py:1 1']);
    expect(groupFrames(profile, 'module').labels).toEqual(['/a/x/y/z/views.py', '/b/x/y/z/views.py']);
  });

  it('joins the lines of a function by function, and only then', () => {
    const profile = profileFrom(['f@/x.py:1 1', 'f@/x.py:2 1']);
    expect(groupFrames(profile, 'line').labels).toEqual(['f (/x.py:1)', 'f (/x.py:2)']);
    expect(groupFrames(profile, 'function').labels).toEqual(['f (/x.py)']);
  });

  it('groups every frame of any profile', () => {
    fc.assert(
      fc.property(anyProfile, fc.constantFrom('line', 'function', 'file', 'module'), (profile, by) => {
        const { groupOf, labels, example } = groupFrames(profile, by);
        expect(groupOf).toHaveLength(profile.frames.line.length);
        expect(example.map((frame) => groupOf[frame])).toEqual([...labels.keys()]);
      }),
    );
  });
});

describe('labelWorker', () => {
  it('names the socket too where two servers have workers of one number', () => {
    const profile = profileFrom(['0/0|a 1']);
    const workers = ['/tmp/a.1', '/tmp/b.1'].map((address) => ({ number: 1, address, pid: null, host: null }));
    const threads = [{ worker: 1, name: 'uWSGIWorker1Core0' }];
    expect(labelWorker({ ...profile, workers, threads }, 1)).toBe('worker 1 (/tmp/b.1)');
    expect(labelThread({ ...profile, workers, threads }, 0)).toBe('worker 1 (/tmp/b.1) uWSGIWorker1Core0');
  });
});

describe('labelThread', () => {
  it('names the worker only where the thread does not', () => {
    const profile = profileFrom(['1/2|a 1']);
    expect(labelThread(profile, 0)).toBe('uWSGIWorker2Core2');
    const threads = [{ worker: 1, name: 'MainThread' }];
    expect(labelThread({ ...profile, threads }, 0)).toBe('worker 2 MainThread');
  });
});

describe('coreOf', () => {
  it.each([
    ['uWSGIWorker2Core1', 1],
    ['uWSGIWorker12Core0', 0],
    ['MainThread', null],
    ['xuWSGIWorker2Core1', null],
    ['uWSGIWorker2Core99999', null],
  ])('of %s is %s', (name, core) => {
    expect(coreOf(name)).toBe(core);
  });
});
