import { describe, expect, it } from 'vitest';
import { TbprofError } from '../../src/errors.ts';
import { chooseServer } from '../../src/tracebacker/discover.ts';
import { claimsSocket, type UwsgiServer } from '../../src/tracebacker/servers.ts';

function server(pid: number, workers: number, visible = true): UwsgiServer {
  const targets = Array.from({ length: workers }, (_, index) => ({
    address: { kind: 'file', path: `/tmp/tb${pid}.${index + 1}` } as const,
    stream: null,
    worker: index + 1,
    process: { pid: pid + index + 1, startTicks: 1 },
    server: `pid ${pid}`,
  }));
  return {
    pid,
    isUwsgi: true,
    commandLine: ['uwsgi'],
    options: [],
    unreadable: [],
    visible,
    elsewhere: false,
    targets,
  };
}

describe('chooseServer', () => {
  it('takes the only one that has tracebackers', () => {
    expect(chooseServer([server(10, 0), server(20, 2)], undefined).pid).toBe(20);
  });

  it('takes the one that is meant, by the pid of its master or of a worker', () => {
    const servers = [server(10, 2), server(20, 2)];
    expect(chooseServer(servers, 20).pid).toBe(20);
    expect(chooseServer(servers, 12).pid).toBe(10);
  });

  it('does not guess: several are listed, and the choice is asked for', () => {
    const choose = () => chooseServer([server(10, 2), server(20, 2)], undefined);
    expect(choose).toThrow(/2 servers can be sampled: 10 \(\/tmp\/tb10\.1\), 20 \(\/tmp\/tb20\.1\)/);
    expect(choose).toThrow(expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('--pid') }));
  });

  it.each<[string, UwsgiServer[], number | undefined, RegExp]>([
    ['no server at all', [], undefined, /no uWSGI server runs on this machine/],
    ['a server without tracebackers', [server(10, 0)], undefined, /uWSGI runs \(pid 10\), but without a tracebacker/],
    ['a server of another user', [server(10, 0, false)], undefined, /its open sockets cannot be seen/],
    [
      'a server whose sockets are in another network namespace',
      [{ ...server(10, 0), elsewhere: true }],
      undefined,
      /abstract sockets of another network namespace/,
    ],
    ['a pid of something else', [server(10, 2)], 99, /process 99 is no uWSGI server or worker/],
  ])('says what to do about %s', (_, servers, pid, message) => {
    const choose = () => chooseServer(servers, pid);
    expect(choose).toThrow(TbprofError);
    expect(choose).toThrow(message);
  });
});

describe('claimsSocket', () => {
  const options = [['py-tracebacker', '/tmp/tb.']] as const;

  it.each([
    ['/tmp/tb.', true],
    ['/tmp/tb.12', true],
    ['/tmp/tb.x', false],
    ['/tmp/t', false],
  ])('of %s is %s', (where, claimed) => {
    expect(claimsSocket({ options }, where)).toBe(claimed);
    expect(claimsSocket({ options: [] }, where)).toBe(false);
  });
});
