import { describe, expect, it } from 'vitest';
import { openScreen } from '../../src/output/screen.ts';

function open({
  tty = true,
  keys = true,
  env = {},
}: {
  tty?: boolean;
  keys?: boolean;
  env?: Record<string, string>;
} = {}) {
  const seen = {
    written: '',
    raw: [] as boolean[],
    keys: '',
    signals: [] as string[],
    resizes: 0,
    exit: () => {},
    isGone: false,
    lost: 0,
  };
  let type: (data: Uint8Array) => void = () => {};
  let resize = () => {};
  const stdin = {
    isTTY: keys,
    setRawMode: (raw: boolean) => seen.raw.push(raw),
    resume: () => {},
    pause: () => {},
    on: (_: 'data', listener: (data: Uint8Array) => void) => {
      type = listener;
    },
    off: () => {
      type = () => {};
    },
  };
  const stdout = {
    isTTY: tty,
    columns: 20,
    rows: 3,
    write: (text: string, done: (error?: Error) => void) => {
      if (seen.isGone) done(new Error('EIO'));
      else seen.written += text;
    },
    on: (_: 'resize', listener: () => void) => {
      resize = listener;
    },
    off: () => {
      resize = () => {};
    },
  };
  const screen = openScreen({
    stdin,
    stdout,
    env,
    onKey: (key) => {
      seen.keys += key;
    },
    onResize: () => {
      seen.resizes += 1;
    },
    onLost: () => {
      seen.lost += 1;
    },
    raise: (signal) => seen.signals.push(signal),
    atExit: (restore) => {
      seen.exit = restore;
      return () => {
        seen.exit = () => {};
      };
    },
  });
  const written = () => {
    const text = seen.written;
    seen.written = '';
    return text;
  };
  return { screen, seen, written, type: (text: string) => type(Buffer.from(text)), resize: () => resize() };
}

const taken = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const given = '\x1b[?7h\x1b[?25h\x1b[?1049l';

describe('openScreen', () => {
  it('takes the terminal, draws one picture over the other, no higher than it is, and gives it back once', () => {
    const { screen, seen, written } = open();
    expect([written(), seen.raw]).toEqual([taken, [true]]);
    screen!.draw(['a', 'b', 'c', 'd']);
    expect(written()).toBe('\x1b[Ha\x1b[K\r\nb\x1b[K\r\nc\x1b[K\x1b[J');
    screen!.leave();
    screen!.close();
    screen!.enter();
    screen!.draw(['e']);
    expect([written(), seen.raw]).toEqual([given, [true, false]]);
  });

  it('gives it back where the process ends by itself, and takes it again after a stop', () => {
    const { screen, seen, written } = open();
    screen!.leave();
    screen!.enter();
    expect([written(), seen.raw, seen.resizes]).toEqual([`${taken}${given}${taken}`, [true, false, true], 2]);
    seen.exit();
    expect([written(), seen.raw]).toEqual([given, [true, false, true, false]]);
  });

  it('tells keys from signals and from what other keys send', () => {
    const { seen, type, resize } = open();
    type('s\x1b[At\x1bOP\x1b[1;5Cxé\x1b');
    type('\x03q\x1a');
    resize();
    expect([seen.keys, seen.signals, seen.resizes]).toEqual(['stxé', ['SIGINT', 'SIGINT', 'SIGTSTP'], 2]);
  });

  it('gives the terminal back before Ctrl-\\ ends the process', () => {
    const { seen, type, written } = open();
    written();
    type('\x1c');
    expect([seen.signals, written()]).toEqual([['SIGQUIT'], given]);
  });

  it('says that the terminal is gone', () => {
    const { screen, seen } = open();
    seen.isGone = true;
    screen!.draw(['a']);
    expect(seen.lost).toBe(1);
  });

  it('draws without keys where stdin is no terminal', () => {
    const { screen, seen, written } = open({ keys: false });
    screen!.close();
    expect([written(), seen.raw]).toEqual([`${taken}${given}`, []]);
  });

  it.each([{ tty: false }, { env: { TERM: 'dumb' } }])('takes nothing that cannot be taken: %j', (options) => {
    const { screen, seen, written } = open(options);
    expect([screen, written(), seen.raw]).toEqual([null, '', []]);
  });
});
