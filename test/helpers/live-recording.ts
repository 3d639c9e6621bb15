// A recording by the real command line that a test follows while it is made, through the file that it is kept in.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { type Coverage, measureCoverage } from '../../src/aggregate/coverage.ts';
import { renderSummary } from '../../src/formats/summary.ts';
import { loadProfile } from '../../src/pipeline.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { decodeStream } from '../../src/stream/decode.ts';
import { type CliOptions, type Finished, startCli } from './cli.ts';
import { stop } from './uwsgi.ts';

export interface Recorded extends Finished {
  readonly profile: Profile;
  readonly coverage: Coverage;
}

export interface LiveRecording {
  readonly process: ChildProcess;
  readonly page: string;
  /** The recording while it is made. */
  readonly stream: string;
  readonly finished: Promise<Finished>;
  /** Resolves as soon as what has been recorded passes the test. */
  until(what: string, test: (coverage: Coverage, profile: Profile) => boolean): Promise<void>;
  /** Ends it as Ctrl-C does, and reads its page. */
  end(): Promise<Recorded>;
}

/** What was observed and what was not are together as many ticks as its length has, in each worker that was there throughout. */
export function expectAllTicks({ workers }: Coverage, { meta }: Profile, rateHz: number): void {
  const due = (meta.durationMs! * rateHz) / 1_000;
  for (const { observed, unobserved } of workers) expect(Math.abs(observed + unobserved - due)).toBeLessThan(2);
}

let recordings = 0;

/** `tbprof record` with these arguments, and a page in the folder; it ends with the test. */
export function startRecording(folder: string, args: readonly string[], options: CliOptions = {}): LiveRecording {
  const name = join(folder, `live${++recordings}`);
  const [page, stream] = [`${name}.html`, `${name}.tbprof`];
  const { process: child, finished } = startCli(['record', ...args, '-o', page], options);
  onTestFinished(() => stop(child, 'SIGKILL'));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    process: child,
    page,
    stream,
    finished,
    until: async (what, test) => {
      let seen = 'nothing';
      const giveUpMs = performance.now() + 60_000;
      while (performance.now() < giveUpMs && !isOver()) {
        const text = existsSync(stream) ? readFileSync(stream, 'utf8') : '';
        if (text.includes('\n')) {
          const { profile } = decodeStream(text, stream);
          if (test(measureCoverage(profile), profile)) return;
          seen = renderSummary(profile, 3);
        }
        await sleep(50);
      }
      const said = isOver() ? `it ended: ${(await finished).stderr}` : 'it goes on';
      throw new Error(`not seen in the recording: ${what}; ${said}\n${seen}`);
    },
    end: async () => {
      child.kill('SIGINT');
      const ended = await finished;
      if (!existsSync(page)) throw new Error(`no page (exit code ${ended.exitCode}): ${ended.stderr}`);
      const { profile } = await loadProfile(readFileSync(page, 'utf8'), page);
      return { ...ended, profile, coverage: measureCoverage(profile) };
    },
  };
}
