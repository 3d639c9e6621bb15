// Every text that a sampled program or its host chooses may be an attack on the page.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupFrames } from '../../../src/profile/labels.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { describeWith } from '../../helpers/describe-with.ts';
import { hostile } from '../../helpers/hostile.ts';
import {
  chooseView,
  clickFrame,
  expectHarmless,
  matched,
  newBuilder,
  readFacts,
  readFrames,
  readTable,
  tooltipOf,
  useReportPages,
  warningsOf,
} from '../../helpers/report-page.ts';

/** Every text that a sampled program or its host chooses is hostile; one stack holds all names, so that all are drawn. */
function hostileProfile(): Profile {
  const builder = newBuilder({ host: hostile.join(' '), recorder: hostile[0]!, source: hostile[1]! });
  const frames = hostile.map((text, at) => ({
    function: text,
    file: `/${text}.py`,
    line: at + 1,
    source: `x = ${text}`,
  }));
  for (const text of hostile) {
    const worker = builder.addWorker({ number: null, address: text });
    builder.addSample(builder.thread(worker, text), builder.stackOf(frames), 1);
    builder.endDump({ worker, timeMs: 0, weight: 1, waitUs: 1 });
    builder.addEvent({ timeMs: 0, worker, kind: 'left', count: 1, reason: 'poisoned' });
  }
  builder.end(100);
  return builder.view();
}

describeWith('chromium', 'report page with hostile names', () => {
  const { write, openReport, openProfile } = useReportPages();

  describe('hostile names', () => {
    const profile = hostileProfile();

    it('are shown as the text that they are', async () => {
      const file = await write(profile);
      expect(readFileSync(file, 'utf8')).not.toContain('<img src=x');
      const { page, expectNoTrouble } = await openReport(file);
      const { labels } = groupFrames(profile, 'line');

      const frames = await readFrames(page, { raw: true });
      expect(frames.map(({ label }) => label)).toEqual(['all workers', ...labels]);
      expect(frames.map(({ name }) => name)).toEqual(['all workers', ...labels]);
      for (const [at, text] of hostile.entries()) {
        expect((await tooltipOf(page, labels[at]!)).slice(0, 3)).toEqual([
          text,
          `/${text}.py:${at + 1}`,
          `x = ${text}`,
        ]);
      }

      const facts = await readFacts(page);
      expect(facts.where).toBe(hostile.join(' '));
      expect(facts['recorded by']).toBe(`${hostile[0]}, from ${hostile[1]}`);
      expect(await page.locator('#workers bdi').allTextContents()).toEqual(hostile);
      const warnings = await warningsOf(page);
      const poisoned = warnings.find((text) => text.includes(': poisoned, and left alone: a bug of uWSGI'));
      for (const text of hostile) expect(poisoned).toContain(text);
      const { labels: functions } = groupFrames(profile, 'function');
      await chooseView(page, 'Functions');
      expect((await readTable(page)).map((cells) => cells[3]).sort()).toEqual([...functions].sort());
      for (const view of ['Bottom-up', 'Callers and callees', 'Timeline', 'Source']) {
        await chooseView(page, view);
        await expectHarmless(page);
      }
      await expectNoTrouble();
    });

    it('can be zoomed into and searched for', async () => {
      const { page, expectNoTrouble } = await openProfile(profile);
      const { labels } = groupFrames(profile, 'line');
      for (const [at, text] of hostile.entries()) {
        await clickFrame(page, labels[at]!);
        await page.fill('#search', text);
        expect(await matched(page)).toBe('matched 100.0 % (14 ticks), 100.0 % of the zoomed');
      }
      await expectHarmless(page);
      await expectNoTrouble();
    });

    it('cannot leave the title', async () => {
      const builder = newBuilder({ host: hostile.join(' ') });
      builder.addWorker({ number: null, address: hostile[0]! });
      builder.end(0);
      const { page, expectNoTrouble } = await openProfile(builder.view());
      // HTML has no way to write NUL, XML none for other control characters: one escape serves both.
      const text = `tbprof: ${hostile.join(' ')}, ${hostile[0]}, 1970-01-01T00:16Z`.replace(/[\0\x07\x1b]/g, '\uFFFD');
      expect(await page.textContent('title')).toBe(text);
      await expectHarmless(page);
      await expectNoTrouble();
    });
  });
});
