// The real sampling thread, which only the build has.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fakeTracebacker } from '../helpers/fake-tracebacker.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const built = new URL('../../dist/sampling/start.js', import.meta.url).href;
const { startSampling } = (await import(built)) as typeof import('../../src/sampling/start.ts');
const folder = temporaryFolder();

it('gives up a dump in flight when it is in a hurry', async () => {
  const path = join(folder, 's.1');
  const hurry = new AbortController();
  // Never answers: the recording, which has no end of its own, can only end when the dump is given up.
  await fakeTracebacker(path, () => hurry.abort());
  const outcomes: unknown[] = [];
  await startSampling({
    targets: [{ address: { kind: 'file', path }, worker: 1, process: null, server: 'a', stream: null }],
    rateHz: 10,
    dumpRates: { ofTracebackers: 10, insteadOfAgents: 10 },
    request: { switchInterval: 0.0001, maxOverhead: 0.1, cpu: true, greenlets: false, tasks: false },
    keepGoing: false,
    stop: new AbortController().signal,
    hurry: hurry.signal,
    onSampled: (sampled) => outcomes.push('outcome' in sampled ? sampled.outcome : sampled),
  }).done;
  expect(outcomes[0]).toMatchObject({ verdict: 'abandoned' });
});
