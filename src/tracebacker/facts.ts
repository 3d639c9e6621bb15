// Gathers the facts of check.ts from /proc: nobody is connected to.
import type { ServerFacts } from './check.ts';
import { scanSources } from './non-ascii.ts';
import { listOtherThreads, readMemoryMap } from './processes.ts';
import { optionOf, type UwsgiServer } from './servers.ts';

/** HUP, INT, QUIT, USR1 and TERM, as bits of a mask of signals. */
const signalsOfMaster = [1, 2, 3, 10, 15].reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n);

/** `seen`: the files that the dumps of its workers have named. */
export function gatherFacts(server: UwsgiServer, seen: readonly string[]): Omit<ServerFacts, 'workers'> {
  const processes = [...new Set([...server.targets.map(({ process }) => process?.pid), server.pid])];
  const pid = processes.find((candidate) => candidate !== undefined)!;
  return {
    options: server.options,
    unreadable: server.unreadable,
    visible: server.visible,
    hasTracebacker: server.targets.length > 0,
    foreignMasterThreads: countForeignThreads(server),
    pythonMinor: pythonMinorOf(readMemoryMap(pid)),
    nonAscii: scanSources(pid, [...seen, ...applicationFiles(server)]),
  };
}

/**
 * A plain master has no second thread. Those that uWSGI starts there itself (cache sweeper, metrics, alarms, threaded
 * logger) block all signals, so that the master gets them; a thread that Python has started blocks what its creator did:
 * none. Seen in /proc with uWSGI 2.0.21; the names of all of them are `uwsgi`.
 */
export function countForeignThreads(server: UwsgiServer): number {
  if (!server.isUwsgi) return 0;
  // The one process of a server without a master serves requests itself: its threads were never forked.
  // py-tracebacker implies a master (UWSGI_OPT_MASTER in plugins/python/python_plugin.c).
  const isAlone =
    server.targets.length === 0
      ? optionOf(server, 'py-tracebacker') === undefined
      : server.targets.some(({ process }) => process?.pid === server.pid);
  if (isAlone) return 0;
  return listOtherThreads(server.pid).filter(
    ({ blockedSignals }) => (blockedSignals & signalsOfMaster) !== signalsOfMaster,
  ).length;
}

/** From the shared library, or from extension modules where Python is linked into the program. */
export function pythonMinorOf(memoryMap: string | null): number | null {
  const match = /libpython3\.(\d+)/.exec(memoryMap ?? '') ?? /\.cpython-3(\d+)-/.exec(memoryMap ?? '');
  return match ? Number(match[1]) : null;
}

/** An idle worker's dump names no file, but the options do. Relative names count from the folder of the process. */
function applicationFiles({ options }: UwsgiServer): string[] {
  return options.flatMap(([name, value]) => {
    const file = name === 'mount' ? value.slice(value.indexOf('=') + 1) : value;
    if (['wsgi-file', 'file', 'mount'].includes(name)) return file.endsWith('.py') ? [file] : [];
    if (!['module', 'wsgi', 'w'].includes(name)) return [];
    const path = file.split(':')[0]!.replaceAll('.', '/');
    return [`${path}.py`, `${path}/__init__.py`];
  });
}
