// Other programs that draw flame graphs of collapsed stacks, where they can be had: named by the environment, on the PATH, or
// where Debian's package libdevel-nytprof-perl keeps flamegraph.pl.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const peers = {
  'flamegraph.pl': {
    named: process.env.FLAMEGRAPH_PL,
    elsewhere: ['/usr/share/perl5/Devel/NYTProf', '/usr/share/flamegraph'],
  },
  'inferno-flamegraph': { named: process.env.INFERNO_FLAMEGRAPH, elsewhere: [] },
};

/** The file of the program; null where it is not there. */
export function findPeer(name) {
  const { named, elsewhere } = peers[name];
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...elsewhere];
  return [...(named ? [named] : []), ...folders.map((folder) => join(folder, name))].find(existsSync) ?? null;
}
