import { describe, expect, it } from 'vitest';
import { requireMode, weighByMode } from '../../src/commands/mode.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { profileFrom } from '../helpers/profile-from.ts';

describe('weighByMode', () => {
  it('leaves wall time as it is', () => {
    const profile = profileFrom(['a 3']);
    expect(weighByMode(profile, 'wall', 'x')).toBe(profile);
  });

  it('says in one line where nobody knows processor time, and what would', () => {
    const weigh = () => weighByMode(profileFrom(['a 3']), 'cpu', 'old.html');
    expect(weigh).toThrow(/^old\.html does not say/);
    expect(weigh).toThrow(
      expect.objectContaining({
        code: 'no-cpu-time',
        exitCode: 2,
        hint: expect.stringContaining('tbprof agent --help'),
      }),
    );
  });

  it('weighs by processor time, once', () => {
    const builder = new ProfileBuilder({ startedEpochMs: 0, rateHz: 10, host: 'h', source: 'agent', recorder: 'r' });
    const worker = builder.addWorker({ number: 1, address: '/tmp/t.1' });
    const stack = builder.stackOf([{ function: 'f', file: 'x', line: 1, source: '' }]);
    builder.addSample(builder.thread(worker, 'T'), stack, 2, 1_234);
    builder.endDump({ worker, timeMs: 0, weight: 2, waitUs: 0 });
    const weighed = weighByMode(builder.view(), 'cpu', 'x');
    expect(weighed.meta).toMatchObject({ measure: 'cpu', rateHz: 1e6 });
    expect([...weighed.samples.weight]).toEqual([1_234]);
    expect(weighByMode(weighed, 'cpu', 'x')).toBe(weighed);
  });
});

describe('requireMode', () => {
  const target = { address: { kind: 'file', path: '/tmp/t.1' }, worker: 1, process: null, server: 's' } as const;
  const stock = { ...target, stream: null };
  const withAgent = { ...target, stream: { kind: 'file', path: '/tmp/t.1.stream' } } as const;

  it('refuses before a recording in which nobody could say it', () => {
    expect(() => requireMode('cpu', [stock])).toThrow(/cannot be recorded by processor time/);
    expect(() => requireMode('cpu', [stock, withAgent])).not.toThrow();
    expect(() => requireMode('wall', [stock])).not.toThrow();
  });
});
