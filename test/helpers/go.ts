// Go's own pprof, the reader that pprof files are written for.
import { execFileSync } from 'node:child_process';

const places = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go'];

/** The command; null where there is none. */
export function findGo(): string | null {
  return places.find((go) => succeeds(go)) ?? null;
}

/** What `go tool pprof` prints; it fails where the file is not to its liking. Newer versions of Go build it at first. */
export function goPprof(...args: readonly string[]): string {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '' };
  return execFileSync(findGo()!, ['tool', 'pprof', '-symbolize=none', ...args], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function succeeds(go: string): boolean {
  try {
    execFileSync(go, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
