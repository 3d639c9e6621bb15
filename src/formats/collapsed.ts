// Collapsed (folded) stacks: `root;caller;leaf COUNT`, one line per distinct stack. Counts are ticks, and microseconds
// where the profile is of processor time.
// Read by flamegraph.pl, inferno and speedscope: https://github.com/brendangregg/FlameGraph#2-fold-stacks
import { buildCallTree, type CallTree } from '../aggregate/call-tree.ts';
import { foldStacks } from '../aggregate/fold.ts';
import { groupFrames } from '../profile/labels.ts';
import type { Profile } from '../profile/profile.ts';
import { visible } from '../visible.ts';
import { applyView, type Format, type View } from './format.ts';

export const collapsed: Format = {
  name: 'collapsed',
  description: 'collapsed stacks: one line per stack, counts in ticks',
  extensions: ['.collapsed', '.folded', '.txt'],
  render: (profile, view) => printCollapsed(applyView(profile, view), view),
};

/** Callers before what they call, siblings in the order of their text: the same profile gives the same bytes. */
function* printCollapsed(profile: Profile, { by }: View): Generator<Uint8Array, void> {
  const groups = groupFrames(profile, by);
  const { texts, textOf } = rank(groups.labels.map(escapeFrame));
  const example: number[] = [];
  for (let group = 0; group < textOf.length; group++) example[textOf[group]!] = groups.example[group]!;
  const byText = { labels: texts, example, groupOf: groups.groupOf.map((group) => textOf[group]!) };
  const tree = buildCallTree(profile.stacks, byText, foldStacks(profile));
  const { measure, rateHz } = profile.meta;
  yield* printLines(tree, texts, measure === 'cpu' ? 1e6 / rateHz : 1);
}

/** The same in one string. */
export function renderCollapsed(profile: Profile, view: View): string {
  const decoder = new TextDecoder();
  return Array.from(printCollapsed(applyView(profile, view), view), (block) => decoder.decode(block)).join('');
}

const blockBytes = 1 << 16;

function* printLines(tree: CallTree, texts: readonly string[], scale: number): Generator<Uint8Array, void> {
  const encoder = new TextEncoder();
  const encoded = texts.map((text) => encoder.encode(text));
  const path = new Bytes();
  /** Where the path of each depth ends. */
  const ends = [0, 0];
  const block = new Bytes();
  const waiting = childrenOf(tree, 0);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const depth = tree.depth[node]!;
    path.cut(ends[depth]!);
    if (depth > 1) path.append(semicolon);
    path.append(encoded[tree.group[node]!]!);
    ends[depth + 1] = path.length;
    const count = Math.round(tree.self[node]! * scale);
    if (count > 0) {
      block.append(path.view());
      block.append(encoder.encode(` ${count}\n`));
    }
    if (block.length > blockBytes) yield block.take();
    for (const child of childrenOf(tree, node)) waiting.push(child);
  }
  if (block.length > 0) yield block.take();
}

const semicolon = new TextEncoder().encode(';');

/** The last one in the order of text comes first. */
function childrenOf(tree: CallTree, node: number): number[] {
  const children: number[] = [];
  for (let child = node + 1; child < tree.end[node]!; child = tree.end[child]!) children.push(child);
  return children.sort((a, b) => tree.group[b]! - tree.group[a]!);
}

/** A growing run of bytes. */
class Bytes {
  #bytes = new Uint8Array(1 << 10);
  length = 0;

  append(more: Uint8Array): void {
    const length = this.length + more.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.view());
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.length);
    this.length = length;
  }

  cut(length: number): void {
    this.length = length;
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** A copy of all; nothing is left. */
  take(): Uint8Array {
    const taken = this.view().slice();
    this.length = 0;
    return taken;
  }
}

/** Labels that look alike are one text; texts are numbered in their order. */
function rank(labels: readonly string[]): { readonly texts: readonly string[]; readonly textOf: Int32Array } {
  const texts = [...new Set(labels)].sort();
  const number = new Map(texts.map((text, at) => [text, at]));
  return { texts, textOf: Int32Array.from(labels, (label) => number.get(label)!) };
}

/**
 * The format has no escapes: `;` parts frames, so it becomes what looks like it, and line ends part stacks. They and all
 * else that a terminal would obey are shown: collapsed text is often looked at.
 */
export function escapeFrame(label: string): string {
  return visible(label.replaceAll(';', ':')) || '<unknown>';
}
