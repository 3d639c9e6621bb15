// A command in a terminal of its own: what it shows, and what is typed into it.
import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

export interface PseudoTerminal {
  /** All that was shown so far. */
  readonly text: () => string;
  type(keys: string): void;
  /** Resolves when the text has been shown, after what was waited for before; returns what came between. */
  shows(text: string | RegExp): Promise<string>;
  /** The window is closed. */
  hangUp(): void;
  readonly ended: Promise<void>;
}

/** Runs a line of bash with job control, in a terminal of 24 lines and 80 columns. */
export function openPseudoTerminal(line: string, env: Record<string, string> = {}): PseudoTerminal {
  const child = spawn('script', ['-qefc', 'exec bash -m -c "$LINE"', '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', ...env, LINE: `stty rows 24 cols 80; ${line}` },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  let seen = 0;
  let look = () => {};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  onTestFinished(() => {
    child.kill('SIGHUP');
  });
  const find = (wanted: string | RegExp) => {
    const match = typeof wanted === 'string' ? null : wanted.exec(text.slice(seen));
    const at = typeof wanted === 'string' ? text.indexOf(wanted, seen) : match === null ? -1 : seen + match.index;
    return at === -1 ? null : { at, end: at + (match?.[0] ?? (wanted as string)).length };
  };
  return {
    text: () => text,
    type: (keys) => child.stdin.write(keys),
    hangUp: () => child.kill('SIGKILL'),
    ended,
    shows: (wanted) =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = find(wanted);
          if (found === null) return;
          look = () => {};
          const between = text.slice(seen, found.end);
          seen = found.end;
          resolve(between);
        };
        ended.then(() => reject(new Error(`it ended before it showed ${wanted}:\n${text.slice(seen)}`)), reject);
        look();
      }),
  };
}
