// Profiles for tests, written as folded text: `profileFrom('a;b 2', 'a 1')`.
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';

interface Options {
  readonly rateHz?: number;
  readonly durationMs?: number;
}

/**
 * Each line is a dump of one thread with that weight. Frames are `function`, or `function@file:line`; a line may begin
 * with `worker/thread|`, both numbers counted from 0: `1/2|a;b 3`.
 */
export function profileFrom(lines: readonly string[], { rateHz = 10, durationMs = 1_000 }: Options = {}): Profile {
  const builder = new ProfileBuilder({
    startedEpochMs: 1_000_000,
    rateHz,
    host: 'h',
    source: 'test',
    recorder: 'tbprof 0',
  });
  const workers = new Set(['0']);
  for (const line of lines) workers.add(/^(\d+)\//.exec(line)?.[1] ?? '0');
  for (const worker of [...workers].sort()) {
    builder.addWorker({ number: Number(worker) + 1, address: `/tmp/tbsocket.${Number(worker) + 1}` });
  }
  let timeMs = 0;
  for (const line of lines) {
    const [, worker = '0', core = '0', stack, weight] = /^(?:(\d+)\/(\d+)\|)?(.*) (\d+)$/s.exec(line)!;
    const frames = stack!.split(';').map((text) => {
      const [, name, file = '/app/main.py', number = '1'] = /^([^@]*)(?:@(.*):(\d+))?$/.exec(text)!;
      return { function: name!, file, line: Number(number), source: `source of ${name}` };
    });
    builder.addSample(
      builder.thread(Number(worker), `uWSGIWorker${Number(worker) + 1}Core${core}`),
      builder.stackOf(frames),
      Number(weight),
    );
    builder.endDump({ worker: Number(worker), timeMs, weight: Number(weight), waitUs: 100 });
    timeMs += Number(weight) * (1_000 / rateHz);
  }
  builder.end(durationMs);
  return builder.view();
}
