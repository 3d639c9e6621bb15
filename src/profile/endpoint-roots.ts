// A profile whose stacks stand on their endpoint: the function of the application that the request was for. Nothing in a
// stack names it, so it is the first code of the application that library code (the framework) called; without a
// framework, the first code of the application below its entry point.
import { isApplication, labelFrame, ofFile } from './labels.ts';
import type { Profile } from './profile.ts';
import { rootStacks } from './root-stacks.ts';

/** Entry points and middleware, which every request passes through. */
const entryPoints = new Set(['application', 'app', '__call__', 'wsgi_app', 'main', '<module>', '<lambda>']);

/** The same samples, each stack with the name of its endpoint as one frame more at its root. */
export function rootEndpoints(profile: Profile): Profile {
  const { samples } = profile;
  const endpoints = findEndpoints(profile);
  const names: string[] = [];
  const numbers = new Map<number, number>();
  const numberOf = (frame: number) => {
    const known = numbers.get(frame);
    if (known !== undefined) return known;
    const number = names.push(frame === -1 ? 'no endpoint' : labelFrame(profile, frame, 'function')) - 1;
    numbers.set(frame, number);
    return number;
  };
  const endpointOf = samples.stack.map((stack) => numberOf(endpoints[stack]!));
  return rootStacks(profile, endpointOf, (endpoint) => [names[endpoint]!]);
}

/** By stack, the frame of its endpoint; -1 where there is none. */
function findEndpoints(profile: Profile): Int32Array {
  const { stacks, frames, strings } = profile;
  const isOfApplication = ofFile(profile, isApplication);
  const isEntry = (frame: number) => entryPoints.has(strings[frames.function[frame]!]!);
  const called = new Int32Array(stacks.frame.length).fill(-1);
  const first = new Int32Array(stacks.frame.length).fill(-1);
  for (let stack = 0; stack < called.length; stack++) {
    const parent = stacks.parent[stack]!;
    const frame = stacks.frame[stack]!;
    called[stack] = parent === -1 ? -1 : called[parent]!;
    first[stack] = parent === -1 ? -1 : first[parent]!;
    if (!isOfApplication(frame) || isEntry(frame)) continue;
    if (first[stack] === -1) first[stack] = frame;
    if (called[stack] === -1 && parent !== -1 && !isOfApplication(stacks.frame[parent]!)) called[stack] = frame;
  }
  return called.map((frame, stack) => (frame === -1 ? first[stack]! : frame));
}
