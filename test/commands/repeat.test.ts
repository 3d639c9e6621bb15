import { expect, it } from 'vitest';
import { repeat } from '../../src/commands/repeat.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

function start(taskMs: readonly number[]) {
  const clock = new FakeClock();
  const startMs = clock.nowMs();
  const end = new AbortController();
  const times: number[] = [];
  const ended = repeat(
    async () => {
      times.push(clock.nowMs() - startMs);
      await clock.sleep(taskMs[times.length - 1] ?? 0);
    },
    { everyMs: 1_000, clock, signal: end.signal },
  );
  return { clock, times, end, ended };
}

it('keeps to its times, and leaves out those that it is too slow for', async () => {
  const { clock, times, end, ended } = start([0, 300, 2_500]);
  await clock.advance(7_000);
  expect(times).toEqual([1_000, 2_000, 3_000, 6_000, 7_000]);
  end.abort();
  await ended;
});

it('ends at once, without a last time', async () => {
  const { clock, times, end, ended } = start([]);
  await clock.advance(1_500);
  end.abort();
  await ended;
  expect(times).toEqual([1_000]);
});
