// Reads collapsed stacks of so many megabytes, made while they are read, and prints the most memory that it took, in MB.
import { loadProfile } from '../../dist/pipeline.js';

const megabytes = Number(process.argv[2]);

async function* chunks() {
  const frames = Array.from({ length: 40 }, (_, i) => `function_${i} (package/module_${i % 7}.py:${i + 1})`);
  let made = 0;
  for (let line = 0; made < megabytes * 1e6; ) {
    let text = '';
    for (; text.length < 256 * 1024; line++) {
      const stack = Array.from({ length: 12 }, (_, depth) => frames[(line * (depth + 1)) % 40]);
      text += `${stack.join(';')} ${(line % 9) + 1}\n`;
    }
    made += text.length;
    yield Buffer.from(text);
  }
}

const { profile } = await loadProfile(chunks(), 'large');
if (profile.samples.weight.length !== 40) throw new Error(`${profile.samples.weight.length} stacks`);
process.stdout.write(String(Math.round(process.resourceUsage().maxRSS / 1024)));
