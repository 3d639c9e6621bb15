// tbprof's own format: the stream, see stream/lines.ts. What a recording is, whole.
import { printStream } from '../stream/encode.ts';
import type { Format } from './format.ts';

export const recording: Format = {
  name: 'tbprof',
  description: 'the recording itself, to be rendered later',
  extensions: ['.tbprof'],
  render: (profile) => printStream(profile),
};
