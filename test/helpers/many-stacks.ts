// A profile with as many different stacks as one likes, shaped like those of a site: the deeper, the rarer.
import { ProfileBuilder } from '../../src/profile/builder.ts';
import type { Profile } from '../../src/profile/profile.ts';

/** The same for the same number: chance has a seed. */
export function manyStacks(count: number): Profile {
  let seed = 1;
  const chance = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes, chapter 7.1
    return seed / 2 ** 32;
  };
  const builder = new ProfileBuilder({
    startedEpochMs: 1e12,
    rateHz: 20,
    host: 'h',
    source: 'test',
    recorder: 'tbprof 0',
  });
  const workers = [1, 2, 3, 4].map((number) => builder.addWorker({ number, address: `/tmp/tbsocket.${number}` }));
  const threads = workers.map((worker) => builder.thread(worker, `uWSGIWorker${worker + 1}Core0`));
  const folders = ['/usr/lib/python3/dist-packages/django/core', '/srv/shop', '/usr/lib/python3.11/json'];
  const frames = Array.from({ length: 5_000 }, (_, at) =>
    builder.frame(
      builder.string(`function_${at}`),
      builder.string(`${folders[at % 3]}/module_${at % 300}.py`),
      1 + (at % 500),
      builder.string(`value = call_${at}(x)`),
    ),
  );
  const depths: number[] = [];
  while (depths.length < count) {
    let stack = depths.length < 10 ? -1 : Math.floor(depths.length * chance());
    for (let length = 1 + Math.floor(12 * chance()); length > 0 && depths.length < count; length--) {
      const depth = stack === -1 ? 0 : depths[stack]!;
      if (depth === 60) break;
      const next = builder.stack(stack, frames[(depth * 113 + Math.floor(400 * chance() ** 3)) % frames.length]!);
      if (next === depths.length) depths.push(depth + 1);
      stack = next;
    }
  }
  for (let stack = 0; stack < count; stack++) {
    const thread = stack % threads.length;
    const weight = Math.max(1, Math.floor(1 / (chance() + 0.001) / 4));
    builder.addSample(threads[thread]!, stack, weight);
    builder.endDump({ worker: workers[thread]!, timeMs: Math.floor(stack / 5), weight, waitUs: 100 });
  }
  builder.end(count / 5);
  return builder.view();
}
