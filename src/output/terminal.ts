// The two streams of a terminal program: data on stdout; progress, summary and messages on stderr.
import { styleText } from 'node:util';
import { cannotWrite, readerLeft } from './failures.ts';

/** The part of a standard stream that is needed; tests give their own. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
}

export interface Terminal {
  /** Data. Resolves when the reader has taken it: true; or has left: false. Then nobody misses it. */
  out(text: string | Uint8Array): Promise<boolean>;
  /** A message for people; a line end is added. Silent where `--quiet` was given. */
  say(text: string): void;
  /** A line that the next one replaces; nothing where stderr is no terminal. `null` takes it away. */
  status(text: string | null): void;
  /** True where stdout is for people's eyes. */
  readonly outIsTerminal: boolean;
  /** Colours stdout's text where it is a terminal and NO_COLOR does not forbid it. */
  paint(colour: 'bold' | 'dim' | 'cyan' | 'yellow' | 'green', text: string): string;
}

interface TerminalOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly quiet: boolean;
}

export function openTerminal({ stdout, stderr, env, quiet }: TerminalOptions): Terminal {
  const colours = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  let statusShown = false;
  const status = (text: string | null) => {
    if (stderr.isTTY !== true || quiet) return;
    if (text === null && !statusShown) return;
    // Cut to the window: a line that wraps could not be replaced. ESC[K clears what the last one left.
    stderr.write(`\r${(text ?? '').slice(0, (stderr.columns ?? 80) - 1)}\x1b[K`);
    statusShown = text !== null;
  };
  return {
    out: async (text) => {
      try {
        await send(stdout, text);
        return true;
      } catch (error) {
        // A terminal that is gone is a reader that has left, too.
        if (!readerLeft(error) && stdout.isTTY !== true) throw cannotWrite('to stdout', error);
        return false;
      }
    },
    say: (text) => {
      status(null);
      if (!quiet) stderr.write(`${text}\n`);
    },
    status,
    outIsTerminal: stdout.isTTY === true,
    paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
  };
}

function send(stream: TextStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
