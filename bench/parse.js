// Parse throughput as a ratio to the least that any parser does: bytes to text, text to lines. Same bytes, same run.
//
//     npm run bench
import { readFileSync } from 'node:fs';
import { DumpParser } from '../dist/tracebacker/parse.js';

const rounds = 15;
const banner = '*** uWSGI Python tracebacker output ***';

/** Real dumps as clients received them, repeated to the length of a recording. */
const dumps = [1, 2].flatMap((worker) => {
  const file = new URL(`../test/fixtures/tracebacker/django.worker${worker}.dumps.txt`, import.meta.url);
  return readFileSync(file, 'latin1')
    .split(banner)
    .slice(1)
    .map((dump) => Buffer.from(banner + dump, 'latin1'));
});
const recording = Array.from({ length: 20 }, () => dumps).flat();
const megabytes = recording.reduce((sum, dump) => sum + dump.length, 0) / 1e6;

const splitting = () => recording.reduce((lines, dump) => lines + dump.toString('utf8').split('\n').length, 0);
const parsing = () => {
  const parser = new DumpParser();
  return recording.reduce((threads, dump) => threads + parser.parse(dump).threads.length, 0);
};

const ratios = [];
const speeds = [];
for (let round = 0; round < rounds; round++) {
  const split = time(splitting);
  const parse = time(parsing);
  ratios.push(parse / split);
  speeds.push(megabytes / (parse / 1e3));
}
console.log(`${recording.length} dumps, ${megabytes.toFixed(1)} MB, median of ${rounds} rounds`);
console.log(`parse / split: ${median(ratios).toFixed(2)} (aim: at most 3)`);
console.log(`parse: ${median(speeds).toFixed(0)} MB/s`);

function time(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
