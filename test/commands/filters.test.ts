import { describe, expect, it } from 'vitest';
import { type FilterOptions, isFiltered, planFilter } from '../../src/commands/filters.ts';
import { parsePattern, parseTime } from '../../src/options.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { stackWeights } from '../helpers/stack-weights.ts';

const none: FilterOptions = { worker: [], thread: [], include: [], exclude: [], focus: [] };
const recorded = profileFrom([
  '0/0|app;view@/usr/lib/python3/dist-packages/django/base.py:9;sleep 2',
  '0/1|app;render 3',
  '1/0|app;view@/usr/lib/python3/dist-packages/django/base.py:10 4',
  '2/0|job 5',
]);
const profile = {
  ...recorded,
  workers: recorded.workers.map((worker) => (worker.number === 3 ? { ...worker, number: 12 } : worker)),
};

function left(options: Partial<FilterOptions>): string[] {
  const filtered = planFilter({ ...none, ...options })(profile);
  return Object.entries(stackWeights(filtered)).map(([stack, ticks]) => {
    const names = (JSON.parse(stack) as [string][]).map(([name]) => name);
    return `${names.join(';')} ${ticks}`;
  });
}

describe('planFilter', () => {
  it.each<[string, Partial<FilterOptions>, string[]]>([
    ['a worker by its number', { worker: ['1'] }, ['app;render 3', 'app;view;sleep 2']],
    ['workers by a part of the name', { worker: ['worker 1'] }, ['app;render 3', 'app;view;sleep 2', 'job 5']],
    ['several of them', { worker: ['2', '12'] }, ['app;view 4', 'job 5']],
    ['a thread', { thread: ['core1'] }, ['app;render 3']],
    ['stacks with a frame', { include: ['VIEW'] }, ['app;view 4', 'app;view;sleep 2']],
    ['what a view calls it', { include: ['view (django/base.py:9)'] }, ['app;view;sleep 2']],
    ['the whole path', { include: ['dist-packages/django'] }, ['app;view 4', 'app;view;sleep 2']],
    ['stacks without a frame', { exclude: ['view', 'job'] }, ['app;render 3']],
    ['what a frame has called', { focus: ['/^view/'] }, ['view 4', 'view;sleep 2']],
    ['a regular expression', { include: ['/^(sleep|job) /'] }, ['app;view;sleep 2', 'job 5']],
    ['one that ignores case', { include: ['/^JOB\\S*\\s/i'] }, ['job 5']],
    ['a stretch of time', { from: 200, to: 900 }, ['app;render 3', 'app;view 4']],
    ['nothing', { include: ['nobody'] }, []],
  ])('leaves %s', (_, options, expected) => {
    expect(left(options).sort()).toEqual([...expected].sort());
  });

  it('wants a stretch of time to begin before it ends', () => {
    expect(() => planFilter({ ...none, from: 5, to: 5 })).toThrow(/--from is not before --to/);
  });

  it('knows whether there is anything to filter', () => {
    expect(isFiltered(none)).toBe(false);
    expect(isFiltered({ ...none, from: 0 })).toBe(true);
    expect(isFiltered({ ...none, exclude: ['x'] })).toBe(true);
  });
});

describe('parsePattern', () => {
  it.each([
    ['', /empty pattern/],
    ['/(/', /no regular expression/],
    ['/(?<=a)b/', /looks around or back/],
    ['/(a)\\1/', /looks around or back/],
  ])('refuses %j', (text, message) => {
    expect(() => parsePattern(text)).toThrow(message);
  });

  it('takes a text as it stands', () => {
    expect(parsePattern('a.b')('xA.Bx')).toBe(true);
    expect(parsePattern('a.b')('axb')).toBe(false);
    expect(parsePattern('/usr')('/usr/lib')).toBe(true);
  });
});

it('parseTime takes the beginning itself', () => {
  expect(parseTime('0')).toBe(0);
  expect(parseTime('0s')).toBe(0);
  expect(parseTime('1m30s')).toBe(90_000);
  expect(() => parseTime('-1s')).toThrow(/not a duration/);
});
