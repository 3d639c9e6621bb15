import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../src/formats/index.ts';
import { loadProfile } from '../../src/pipeline.ts';
import { ProfileBuilder } from '../../src/profile/builder.ts';
import { mergeProfiles } from '../../src/profile/merge.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { redactProfile } from '../../src/profile/redact.ts';
import { anyProfile } from '../helpers/any-profile.ts';
import { renderBytes } from '../helpers/rendered.ts';
import { stackWeights } from '../helpers/stack-weights.ts';

const secret = /zanzibar/i;

/** The word is wherever a profile can hold one. */
function secretProfile(): Profile {
  const builder = new ProfileBuilder({
    startedEpochMs: 1e12,
    rateHz: 20,
    host: 'zanzibar-web1',
    source: 'zanzibar source',
    recorder: 'zanzibar 1.0',
  });
  const worker = builder.addWorker({ number: null, address: '/run/zanzibar.1', host: 'zanzibar-web2' });
  const frames = ['charge_zanzibar', 'plain'].map((name) => ({
    function: name,
    file: `/srv/zanzibar/${name}.py`,
    line: 3,
    source: `password = "zanzibar ${name}"`,
  }));
  builder.addSample(builder.thread(worker, 'Zanzibar-1'), builder.stackOf(frames), 1);
  builder.addSample(builder.thread(worker, 'Zanzibar-2'), builder.stackOf(frames.slice(1)), 2);
  builder.endDump({ worker, timeMs: 0, weight: 2, waitUs: -1 });
  builder.addEvent({ timeMs: 0, worker, kind: 'unreadable', count: 1, reason: 'thread_id = zanzibar' });
  builder.addEvent({ timeMs: 0, worker, kind: 'gap', count: 1, reason: 'zanzibar' });
  builder.end(1_000);
  return builder.view();
}

const all = { isSecret: (text: string) => secret.test(text) };

describe('redactProfile', () => {
  // The formats that are packed are looked into by what reads them back.
  it.each(formats)('lets nothing secret into $name', async (format) => {
    const profile = redactProfile(secretProfile(), all);
    const bytes = await renderBytes(format, profile, { by: 'line', threads: true });
    expect(bytes.toString('latin1')).not.toMatch(secret);
    expect((await renderBytes(format, secretProfile(), { by: 'line', threads: true })).length).toBeGreaterThan(0);
    if (!['html', 'pprof', 'tbprof', 'speedscope', 'collapsed'].includes(format.name)) return;
    const { profile: back } = await loadProfile(bytes, 'x');
    expect(JSON.stringify([back.strings, back.workers, back.threads, back.meta, back.events])).not.toMatch(secret);
  });

  it('leaves out source text even where no name is secret', () => {
    const { strings, frames } = redactProfile(secretProfile(), { isSecret: () => false });
    expect([...frames.source].map((string) => strings[string])).toEqual(['', '']);
    expect(strings.join()).not.toContain('password');
    expect(strings).toContain('/srv/zanzibar/plain.py');
  });

  it('gives one text one placeholder, and two texts two', () => {
    const { strings, frames, threads } = redactProfile(secretProfile(), all);
    expect([...frames.function].map((string) => strings[string])).toEqual(['redacted-5', 'plain']);
    expect(new Set(threads.map(({ name }) => name)).size).toBe(2);
  });

  it('keeps every weight, of any profile', () => {
    fc.assert(
      fc.property(anyProfile, (profile) => {
        const sum = (one: Profile) => Object.values(stackWeights(one)).reduce((total, ticks) => total + ticks, 0);
        expect(sum(redactProfile(profile, { isSecret: (text) => text.includes('a') }))).toBe(sum(profile));
        expect(stackWeights(redactProfile(profile, { isSecret: () => false }))).toEqual(stackWeights(profile));
      }),
    );
  });

  it('works on what was merged', () => {
    const whole = redactProfile(mergeProfiles([secretProfile(), secretProfile()]), all);
    expect(JSON.stringify([whole.strings, whole.workers, whole.threads, whole.meta, whole.events])).not.toMatch(secret);
  });
});
