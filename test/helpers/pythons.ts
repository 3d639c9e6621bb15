// The Pythons of this machine that the agent must work on: one of each CPython from 3.7 on.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Python {
  /** Such as `3.14`; `3.14t` where it is built without the GIL. */
  readonly version: string;
  readonly path: string;
}

const oldest = 7;

/** Debian's Python is the one of its uWSGI. */
export const systemPython = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** The system's first, which must be there; the others by version. */
export function findPythons(): readonly Python[] {
  const system = identify(systemPython);
  if (system === null) throw new Error(`${systemPython} is no CPython 3.${oldest} or later`);
  const found = new Map([[system.version, system]]);
  for (const path of [...onThePath(), ...ofPyenv()]) {
    const python = identify(path);
    if (python !== null && !found.has(python.version)) found.set(python.version, python);
  }
  return [system, ...[...found.values()].filter((python) => python !== system).sort(byVersion)];
}

function onThePath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => list(folder, /^python3\.\d+t?$/).map((name) => join(folder, name)));
}

/** A version of pyenv is on the PATH only where it has been switched on. */
function ofPyenv(): string[] {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  return list(folder, /^3\./).map((name) => join(folder, name, 'bin', 'python3'));
}

function list(folder: string, names: RegExp): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => names.test(name)) : [];
}

const question = `
import platform, sys, sysconfig
print(platform.python_implementation(), *sys.version_info[:2])
print("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")
`;

/** Null where it does not run (as pyenv's stand-ins of versions that are off), is older or is no CPython. */
function identify(path: string): Python | null {
  const { status, stdout } = spawnSync(path, ['-c', question], { encoding: 'utf8' });
  const match = status === 0 ? /^CPython 3 (\d+)\n(t?)$/m.exec(stdout) : null;
  return match && Number(match[1]) >= oldest ? { version: `3.${match[1]}${match[2]}`, path } : null;
}

function byVersion(a: Python, b: Python): number {
  return a.version.localeCompare(b.version, 'en', { numeric: true });
}
