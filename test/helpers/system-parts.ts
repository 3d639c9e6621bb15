// The parts of the system that end-to-end tests need: found, or installed from Debian's packages where that is allowed.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findGo } from './go.ts';

interface SystemPart {
  readonly name: string;
  readonly packages: readonly string[];
  readonly isThere: () => boolean;
}

const parts = {
  uwsgi: {
    name: 'uWSGI with its python3 plugin',
    packages: ['uwsgi-core', 'uwsgi-plugin-python3'],
    isThere: () => succeeds('uwsgi', ['--plugins', 'http,python3', '--version']),
  },
  chromium: {
    name: 'Chromium',
    packages: ['chromium'],
    isThere: () => existsSync('/usr/bin/chromium'),
  },
  firefox: {
    name: 'Firefox',
    packages: ['firefox-esr'],
    isThere: () => existsSync('/usr/bin/firefox-esr'),
  },
  go: {
    name: 'Go, for its pprof',
    packages: ['golang-go'],
    isThere: () => findGo() !== null,
  },
  namespaces: {
    name: 'the right to make a mount namespace (root, and unshare of util-linux)',
    packages: ['util-linux'],
    isThere: () => succeeds('unshare', ['--mount', 'true']),
  },
  gunicorn: {
    name: 'gunicorn with gevent',
    packages: ['gunicorn', 'python3-gevent'],
    isThere: () => succeeds('/usr/bin/python3', ['-c', 'import gevent, gunicorn']),
  },
  celery: {
    name: 'Celery',
    packages: ['python3-celery'],
    isThere: () => succeeds('/usr/bin/python3', ['-c', 'import celery']),
  },
  script: {
    name: 'the script command of util-linux',
    packages: ['bsdutils'],
    isThere: () => succeeds('script', ['--version']),
  },
} as const satisfies Record<string, SystemPart>;

export type PartName = keyof typeof parts;

declare module 'vitest' {
  interface ProvidedContext {
    /** Why a part is missing; an empty text where it is there. */
    missingParts: Record<PartName, string>;
  }
}

/** Vitest's global set-up. TBPROF_FORBID_SKIPS=1 turns a missing part into a failure. */
export default function setup({ provide }: { provide(key: 'missingParts', value: Record<PartName, string>): void }) {
  const missing = Object.values<SystemPart>(parts).filter((part) => !part.isThere());
  if (missing.length > 0 && mayInstall()) install(missing.flatMap(({ packages }) => packages));
  const reasons = Object.fromEntries(
    Object.entries<SystemPart>(parts).map(([key, part]) => [key, part.isThere() ? '' : whyMissing(part)]),
  ) as Record<PartName, string>;
  const all = Object.values(reasons).filter((reason) => reason !== '');
  for (const reason of all) console.warn(`skipped: ${reason}`);
  if (all.length > 0 && process.env.TBPROF_FORBID_SKIPS === '1')
    throw new Error(`skips are forbidden: ${all.join('; ')}`);
  provide('missingParts', reasons);
}

function whyMissing({ name, packages }: SystemPart): string {
  return `${name} is not installed (on Debian: apt-get install ${packages.join(' ')})`;
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && succeeds('apt-get', ['--version']);
}

function install(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    execFileSync('apt-get', ['update'], { env, stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env, stdio: 'ignore' });
  } catch (error) {
    console.warn(`could not install ${packages.join(' ')}: ${(error as Error).message}`);
  }
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
