// Why a worker gave no dump, in words for the person on call: what happened, to whom, what to do next.
import { nameTarget, printAddress, type Target } from './target.ts';

export interface Explanation {
  readonly message: string;
  readonly hint: string;
}

/** `verdict` is a Verdict, or any other word. */
export function explainVerdict(target: Target, verdict: string, nodeVersion: string): Explanation {
  const where = printAddress(target.address);
  if (target.address.kind === 'abstract' && verdict === 'gone')
    return explainAbstract(target.address.name, nodeVersion);
  switch (verdict) {
    case 'gone':
      return {
        message: `nothing listens on ${where}`,
        hint:
          target.address.kind === 'tcp'
            ? 'check the port, and that whatever forwards it runs'
            : 'the file was left by a server that is gone: start uWSGI again, or give the prefix of the one that runs',
      };
    case 'denied':
      return {
        message: `no permission to connect to ${where}`,
        hint: 'run tbprof as the user of uWSGI, or let others write to the socket: chmod-socket = 666',
      };
    case 'poisoned':
      return {
        message: `${nameTarget(target)} answered on ${where} with nothing, though it lives: its tracebacker is poisoned`,
        hint:
          'a bug of uWSGI, set off by a non-ASCII source line or, on Python 3.11 and later, by a frame without a line ' +
          'number; the application is unharmed, a reload of the worker heals it, and the agent (tbprof agent) never has it',
      };
    case 'cut':
      return {
        message: `the dump of ${nameTarget(target)} stops in the middle of a stack: its tracebacker is poisoned from now on`,
        hint:
          'a bug of uWSGI, set off by a non-ASCII source line or, on Python 3.11 and later, by a frame without a line ' +
          'number; the application is unharmed, a reload of the worker heals it, and the agent (tbprof agent) never has it',
      };
    case 'spared':
      return {
        message: `${nameTarget(target)} was not asked on ${where}, because a dump may crash it`,
        hint: 'its server starts threads before the fork, or another of its workers has just crashed: set lazy-apps = true; --keep-going asks it all the same',
      };
    case 'died':
      return {
        message: `${nameTarget(target)} crashed when we connected to ${where}, so no other one was asked`,
        hint:
          'usually the application starts a thread before the fork: set lazy-apps = true; --keep-going insists, and may ' +
          'crash worker after worker',
      };
    case 'silent':
      return {
        message: `${nameTarget(target)} closed ${where} without a word`,
        hint:
          'its tracebacker is poisoned by a non-ASCII source line (reload the worker) ' +
          'or crashes on threads started before the fork (set lazy-apps = true)',
      };
    case 'reset':
      return {
        message: `${nameTarget(target)} broke the connection to ${where}`,
        hint: 'it may have crashed: look into the log of uWSGI before you try again; lazy-apps = true cures the usual cause',
      };
    case 'not-a-tracebacker':
      return {
        message: `what listens on ${where} is no tracebacker`,
        hint: 'give the value of py-tracebacker, not that of socket, http-socket or stats',
      };
    case 'abandoned':
      return {
        message: `${nameTarget(target)} did not answer on ${where} in time`,
        hint:
          target.address.kind === 'tcp'
            ? 'its GIL is held, or what listens there is no tracebacker: try again, for longer'
            : 'its GIL is held, by a long C call or a stopped process: try again, for longer',
      };
    case 'refused':
    case 'no-stream':
    case 'malformed':
      return {
        message: `the agent of ${nameTarget(target)} could not be used (${verdict}), and nothing else answers for it on ${where}`,
        hint: 'look for tbprof_agent in the log of its program, and install the agent of this tbprof: tbprof agent --help',
      };
    case 'too-slow':
      return { message: `the dump of ${where} does not end`, hint: 'check what listens there' };
    case 'too-large':
      return { message: `the dump of ${where} is too large to keep`, hint: 'record fewer workers, or tell us' };
    case 'unknown-host':
      return { message: `there is no host of ${where}`, hint: 'check its name' };
    case 'unreachable':
      return { message: `${where} cannot be reached`, hint: 'check the host, the port, and what is between' };
    default:
      return { message: `cannot read ${where} (${verdict})`, hint: 'check the address' };
  }
}

/** Node before 22 pads abstract names with NULs to the full length, which makes another name of them. */
function explainAbstract(name: string, nodeVersion: string): Explanation {
  const plain = name.replaceAll('\0', '');
  const bridge = name.endsWith('\0')
    ? `python3 examples/abstract_bridge.py @${plain} /tmp/tbsocket.1`
    : `socat UNIX-LISTEN:/tmp/tbsocket.1,fork ABSTRACT-CONNECT:${plain}`;
  return {
    message: `this Node (${nodeVersion}) cannot reach the abstract socket @${plain}`,
    hint: `use Node 22 or later, or a bridge: ${bridge} and then -s /tmp/tbsocket.1`,
  };
}
