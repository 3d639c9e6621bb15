import { describe, expect, it } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { openTerminal, type TextStream } from '../../src/output/terminal.ts';

function fakeStream(isTTY: boolean): TextStream & { text: string } {
  return {
    isTTY,
    columns: 20,
    text: '',
    write(chunk, done) {
      this.text += chunk;
      done?.(null);
      return true;
    },
  };
}

function open({
  tty = true,
  quiet = false,
  env = {},
}: {
  tty?: boolean;
  quiet?: boolean;
  env?: Record<string, string>;
}) {
  const stdout = fakeStream(tty);
  const stderr = fakeStream(tty);
  return { stdout, stderr, terminal: openTerminal({ stdout, stderr, env, quiet }) };
}

describe('openTerminal', () => {
  it('replaces the status line and takes it away before a message', () => {
    const { stderr, terminal } = open({});
    terminal.status('12 dumps and more than fits');
    terminal.status('13 dumps');
    terminal.say('done');
    terminal.status(null);
    expect(stderr.text).toBe('\r12 dumps and more t\x1b[K\r13 dumps\x1b[K\r\x1b[Kdone\n');
  });

  it('shows no status where stderr is no terminal', () => {
    const { stderr, terminal } = open({ tty: false });
    terminal.status('12 dumps');
    terminal.say('done');
    expect(stderr.text).toBe('done\n');
  });

  it('is silent when quiet, but for data', async () => {
    const { stdout, stderr, terminal } = open({ quiet: true });
    terminal.status('12 dumps');
    terminal.say('done');
    await terminal.out('data');
    expect([stdout.text, stderr.text]).toEqual(['data', '']);
  });

  it.each([
    [{ tty: true }, '\x1b[1mx\x1b[22m'],
    [{ tty: false }, 'x'],
    [{ tty: true, env: { NO_COLOR: '1' } }, 'x'],
    [{ tty: true, env: { TERM: 'dumb' } }, 'x'],
  ])('colours only terminals that want it: %j', (options, painted) => {
    expect(open(options).terminal.paint('bold', 'x')).toBe(painted);
  });

  it.each([
    ['EPIPE', 'done'],
    ['ENOSPC', 'cannot write to stdout: no space is left on the device'],
  ])('takes %s of stdout for: %s', async (code, result) => {
    const stdout: TextStream = {
      write(_, done) {
        done?.(Object.assign(new Error(code), { code }));
        return false;
      },
    };
    const terminal = openTerminal({ stdout, stderr: fakeStream(false), env: {}, quiet: false });
    const outcome = await terminal.out('data').then(
      () => 'done',
      (error) => (error instanceof TbprofError ? error.message : error),
    );
    expect(outcome).toBe(result);
  });
});
