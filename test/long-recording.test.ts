// A recording of an hour, in seconds: the clock is simulated, and only one dump in fifty is parsed (the others are put
// into the profile as what parsing would have given). All else is what the recorder does, in a process of its own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

interface Told {
  readonly put: Record<'dumps' | 'observed' | 'unobserved' | 'samples' | 'sampled', number>;
  readonly kept: Record<'dumps' | 'planned' | 'observed' | 'unobserved' | 'sampled', number>;
  readonly keptSamples: number;
  readonly streamed: Record<'dumps' | 'samples', number>;
  readonly peakRssBytes: number;
}

describe('a recording of 1 hour, 16 workers with 8 threads, at 100 Hz', () => {
  it('stays under 512 MB of memory, and every tick of it is accounted for', async () => {
    const [seconds, workers, threads, rateHz] = [3_600, 16, 8, 100];
    const program = fileURLToPath(new URL('programs/record-long.js', import.meta.url));
    const args = [seconds, workers, threads, rateHz].map(String);
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
    const { put, kept, keptSamples, streamed, peakRssBytes } = JSON.parse(stdout) as Told;

    // It is as large as it should be: more than is kept as it came, and more than a million events if each were kept.
    expect(put.samples).toBeGreaterThan(0.6 * seconds * workers * threads * rateHz);
    expect(keptSamples).toBeLessThanOrEqual(4_000_000);
    expect(peakRssBytes).toBeLessThan(512e6);

    const { dumps, observed, unobserved, sampled } = put;
    expect(kept).toEqual({ dumps, observed, unobserved, sampled, planned: observed + unobserved });
    expect(kept.planned).toBe(seconds * workers * rateHz);
    expect(streamed).toEqual({ dumps, samples: put.samples });
  });
});
