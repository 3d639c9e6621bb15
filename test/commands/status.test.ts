import { expect, it, onTestFinished, vi } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { showStatus } from '../../src/commands/status.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';

const meta = { startedEpochMs: 0, rateHz: 20, host: 'h', source: 'tracebacker', recorder: 't' } as const;

function start(durationMs?: number) {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const builder = new ProfileBuilder(meta);
  builder.addWorker({ number: 1, address: '/tmp/s.1', pid: null });
  const lines: (string | null)[] = [];
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const context = {
    terminal: { status: (text: string | null) => lines.push(text) },
    now: () => new Date(Date.now()),
    stop: stop.signal,
    hurry: hurry.signal,
  } as unknown as CommandContext;
  const end = showStatus(builder, { rateHz: 20, durationMs }, context);
  return { lines, stop, hurry, end };
}

it('says how to end the recording, then whom it waits for and how to wait no longer, at once', () => {
  const { lines, stop, hurry, end } = start();
  vi.advanceTimersByTime(250);
  stop.abort();
  hurry.abort();
  end();
  vi.advanceTimersByTime(1_000);
  expect(lines).toEqual([
    expect.stringMatching(/^0\.3 s {2}0 dumps .* \(Ctrl-C ends and writes\)$/),
    'waiting up to 5 s for the workers in flight  (Ctrl-C again does not wait)',
    'waiting for no more workers',
    null,
  ]);
});

it('does not count on when the time is over', () => {
  const { lines, end } = start(500);
  vi.advanceTimersByTime(500);
  end();
  expect(lines).toEqual([
    expect.stringMatching(/^0\.3 \/ 0\.5 s /),
    'waiting up to 5 s for the workers in flight',
    null,
  ]);
});
