// A terminal that shows one picture after another in its place: the alternate screen of xterm and its kin, without cursor,
// with keys that need no Enter. Whatever happens, the terminal is left as it was.
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html

/** The part of stdin that is needed; tests give their own. */
export interface KeySource {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (data: string | Uint8Array) => void): unknown;
  off(event: 'data', listener: (data: string | Uint8Array) => void): unknown;
}

/** The part of stdout that is needed. */
export interface Display {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface ScreenHandlers {
  /** One character; escape sequences are passed by. */
  readonly onKey: (key: string) => void;
  /** The picture no longer fits, or is no longer there. */
  readonly onResize: () => void;
  /** Nobody sees it any more: the window was closed. */
  readonly onLost: () => void;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Replaces what was there. Lines that are too long, or too many, are cut. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back for a while. */
  leave(): void;
  /** Takes it again. */
  enter(): void;
  /** Gives it back for good. */
  close(): void;
}

export interface ScreenOptions extends ScreenHandlers {
  readonly stdin: KeySource;
  readonly stdout: Display;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The keys that are signals elsewhere are signals here: `q` ends as Ctrl-C does. */
  readonly raise: (signal: 'SIGINT' | 'SIGTSTP' | 'SIGQUIT') => void;
  /** Registers what is done at the end of the process, whatever ends it; returns how to take it back. */
  readonly atExit: (restore: () => void) => () => void;
}

// Lines must not wrap: some characters are wider than we know.
const [hideCursor, showCursor] = ['\x1b[?25l', '\x1b[?25h'];
const [noWrap, wrap] = ['\x1b[?7l', '\x1b[?7h'];
const [alternate, normal] = ['\x1b[?1049h', '\x1b[?1049l'];
const [home, clearLine, clearBelow] = ['\x1b[H', '\x1b[K', '\x1b[J'];

/** While keys need no Enter, the terminal makes no signals of them. */
const signalKeys: Record<string, 'SIGINT' | 'SIGTSTP' | 'SIGQUIT'> = {
  '\x03': 'SIGINT',
  q: 'SIGINT',
  '\x1a': 'SIGTSTP',
  '\x1c': 'SIGQUIT',
};

/** Null where stdout is no terminal, or one that can only write line after line. */
export function openScreen(options: ScreenOptions): Screen | null {
  const { stdout, env } = options;
  if (stdout.isTTY !== true || env.TERM === 'dumb') return null;
  const screen = new TerminalScreen(options);
  screen.enter();
  return screen;
}

class TerminalScreen implements Screen {
  readonly #options: ScreenOptions;
  readonly #forget: () => void;
  #isThere = false;
  #isClosed = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#forget = options.atExit(() => this.leave());
  }

  get columns(): number {
    return this.#options.stdout.columns || 80;
  }

  get rows(): number {
    return this.#options.stdout.rows || 24;
  }

  draw(lines: readonly string[]): void {
    if (!this.#isThere) return;
    const shown = lines.slice(0, this.rows).map((line) => `${line}${clearLine}`);
    this.#write(`${home}${shown.join('\r\n')}${clearBelow}`);
  }

  enter(): void {
    if (this.#isThere || this.#isClosed) return;
    const { stdin, stdout, onResize } = this.#options;
    this.#isThere = true;
    if (stdin.isTTY === true) {
      stdin.setRawMode?.(true);
      stdin.on('data', this.#takeKeys);
      stdin.resume();
    }
    this.#write(`${alternate}${hideCursor}${noWrap}`);
    stdout.on('resize', onResize);
    onResize();
  }

  leave(): void {
    if (!this.#isThere) return;
    const { stdin, stdout, onResize } = this.#options;
    this.#isThere = false;
    stdout.off('resize', onResize);
    this.#write(`${wrap}${showCursor}${normal}`);
    if (stdin.isTTY !== true) return;
    stdin.off('data', this.#takeKeys);
    stdin.setRawMode?.(false);
    stdin.pause();
  }

  close(): void {
    this.leave();
    this.#isClosed = true;
    this.#forget();
  }

  readonly #takeKeys = (data: string | Uint8Array): void => {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
    // Arrows, function keys, pasted ends: CSI and SS3 sequences, or Alt with a key.
    for (const key of text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/gs, '')) {
      const signal = signalKeys[key];
      if (signal === undefined) this.#options.onKey(key);
      else this.#raise(signal);
    }
  };

  #write(text: string): void {
    this.#options.stdout.write(text, (error) => {
      if (error) this.#options.onLost();
    });
  }

  #raise(signal: 'SIGINT' | 'SIGTSTP' | 'SIGQUIT'): void {
    // It ends the process at once.
    if (signal === 'SIGQUIT') this.leave();
    this.#options.raise(signal);
  }
}
