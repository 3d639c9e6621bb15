import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collapsed } from '../../src/formats/collapsed.ts';
import { forEachSample } from '../../src/profile/profile.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { expectGolden } from '../helpers/fixtures.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { renderText } from '../helpers/rendered.ts';

describe('collapsed', () => {
  it('has one line per distinct stack, root first, in order, counts in ticks', async () => {
    const profile = profileFrom(['b;c 2', 'a 1', 'b;c 3', 'b 1']);
    expect(await renderText(collapsed, profile, { by: 'function', threads: false })).toBe(
      'a (/app/main.py) 1\nb (/app/main.py) 1\nb (/app/main.py);c (/app/main.py) 5\n',
    );
  });

  it('puts worker and thread below the root when asked to', async () => {
    const profile = profileFrom(['0/1|a 1', '1/0|a 2', '0/1|a 3']);
    expect(await renderText(collapsed, profile, { by: 'function', threads: true })).toBe(
      'worker 1;uWSGIWorker1Core1;a (/app/main.py) 4\nworker 2;uWSGIWorker2Core0;a (/app/main.py) 2\n',
    );
  });

  it('is the same for the demo recording as it was', async () => {
    const profile = profileFrom([
      '0/0|app@/srv/w.py:3;get@/usr/lib/python3/dist-packages/django/x.py:9 4',
      '0/1|app@/srv/w.py:3 1',
    ]);
    expectGolden('two-stacks.collapsed', await renderText(collapsed, profile));
  });

  it('is empty where there is nothing', async () => {
    expect(await renderText(collapsed, profileFrom([]))).toBe('');
  });

  it('counts microseconds of processor time', async () => {
    const profile = profileFrom(['a;b 2', 'a 1'], { rateHz: 30 });
    const cpu = { ...profile, meta: { ...profile.meta, measure: 'cpu' as const } };
    const text = 'a (/app/main.py) 33333\na (/app/main.py);b (/app/main.py) 66667\n';
    expect(await renderText(collapsed, cpu, { by: 'function', threads: false })).toBe(text);
  });

  it('adds up stacks that look the same', async () => {
    const profile = profileFrom(['a 1', 'b 1']);
    const unnamed = { ...profile, strings: profile.strings.map(() => '') };
    expect(await renderText(collapsed, unnamed, { by: 'line', threads: false })).toBe('<unknown> 2\n');
  });

  it('can be taken apart by any reader, whatever the names: no weight is lost', async () => {
    await fc.assert(
      fc.asyncProperty(anyProfile, fc.boolean(), async (profile, threads) => {
        let weight = 0;
        forEachSample(profile, (_sample, ticks) => {
          weight += ticks;
        });
        const lines = (await renderText(collapsed, profile, { by: 'line', threads })).split('\n');
        expect(lines.pop()).toBe('');
        let counted = 0;
        for (const line of lines) {
          const [, stack, count] = /^(.+) (\d+)$/.exec(line)!; // the last blank parts the count, as in flamegraph.pl
          expect(stack!.split(';').every((frame) => frame !== '')).toBe(true);
          counted += Number(count);
        }
        expect(counted).toBe(weight);
        expect(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(lines.length);
      }),
    );
  });
});
