import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStats } from '../../src/tracebacker/stats-json.ts';

/** As uWSGI 2.0.21 prints it, with a request that runs on core 1 of worker 1. */
const answer = (variables: string) => `{
\t"version":"2.0.21-debian",
\t"load":0,
\t"pid":5161,
\t"workers":[
\t\t{
\t\t\t"id":1,
\t\t\t"pid":5174,
\t\t\t"requests":7,
\t\t\t"exceptions":2,
\t\t\t"status":"busy",
\t\t\t"respawn_count":1,
\t\t\t"avg_rt":1500,
\t\t\t"cores":[
\t\t\t\t{ "id":0, "in_request":0, "vars":[\n\n], "req_info":\t\t{\n\n} },
\t\t\t\t{ "id":1, "in_request":1, "vars":[\n${variables}\n""\n], "req_info":{ "request_start":1795468185 } }
\t\t\t]
\t\t},
\t\t{ "id":2, "pid":0, "requests":0, "exceptions":0, "status":"cheap", "respawn_count":0, "avg_rt":0, "cores":[] }
\t]
}`;
const request = `"REQUEST_METHOD=GET",
"SCRIPT_NAME=/shop",
"PATH_INFO=/a",
"REQUEST_URI=/shop/a?token=geheim",
"QUERY_STRING=token=geheim",
"HTTP_COOKIE=session=geheim",
"HTTP_AUTHORIZATION=Basic geheim",`;

describe('parseStats', () => {
  it('takes the figures of each worker, and of a running request its method and path only', () => {
    const stats = parseStats(Buffer.from(answer(request)));
    expect(stats).toEqual({
      version: '2.0.21-debian',
      masterPid: 5161,
      workers: [
        {
          ...{ worker: 1, pid: 5174, status: 'busy', requests: 7, exceptions: 2, respawns: 1, averageMs: 1.5 },
          running: [{ core: 1, method: 'GET', path: '/shop/a', startedEpochSeconds: 1795468185 }],
        },
        { worker: 2, pid: 0, status: 'cheap', requests: 0, exceptions: 0, respawns: 0, averageMs: 0, running: [] },
      ],
    });
    expect(JSON.stringify(stats)).not.toContain('geheim');
  });

  it('survives raw control characters and bytes that are no UTF-8', () => {
    const bytes = Buffer.from(answer('"REQUEST_METHOD=GET",\n"PATH_INFO=/\x01\x1b[2J\x00\xff\x7f",'), 'latin1');
    expect(parseStats(bytes)!.workers[0]!.running[0]!.path).toBe('/\x01\x1b[2J\x00\ufffd\x7f');
  });

  it('takes an answer with its HTTP head, whether one was asked for or not', () => {
    const head = 'HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n';
    expect(parseStats(Buffer.from(head + answer(request)))).toEqual(parseStats(Buffer.from(answer(request))));
  });

  it.each([
    ['nothing', ''],
    ['a dump', '*** uWSGI Python tracebacker output ***\n\n'],
    ['a web page', 'HTTP/1.1 200 OK\r\n\r\n<html>'],
    ['half a head', 'HTTP/1.1 200 OK\r\nServer'],
    ['other JSON', '{"workers":{}}'],
    ['an answer that was cut', answer(request).slice(0, 300)],
  ])('is null for %s', (_, text) => {
    expect(parseStats(Buffer.from(text))).toBeNull();
  });

  it('gives each path back, whatever bytes it has', () => {
    // As escape_json of core/json.c: these five, and nothing else.
    const escapes: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (path) => {
        const latin1 = Buffer.from(path).toString('latin1');
        const escaped = latin1.replace(/[\t\n\r"\\]/g, (char) => escapes[char]!);
        const bytes = Buffer.from(answer(`"REQUEST_METHOD=GET",\n"PATH_INFO=/${escaped}",`), 'latin1');
        expect(parseStats(bytes)!.workers[0]!.running[0]!.path).toBe(
          `/${new TextDecoder('utf-8', { ignoreBOM: true }).decode(path)}`,
        );
      }),
    );
  });

  it('never throws, and never lets anything of another shape through', () => {
    const whole = Buffer.from(answer(request));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 8 }), (at, noise) => {
        const bytes = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at + noise.length)]);
        for (const { worker, running } of parseStats(bytes)?.workers ?? []) {
          expect(Number.isFinite(worker)).toBe(true);
          for (const { method, path } of running) expect([typeof method, typeof path]).toEqual(['string', 'string']);
        }
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        parseStats(Buffer.from(`{"workers":[${text}, {"cores":[${text}]}]}`));
      }),
    );
  });
});
