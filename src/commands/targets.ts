// Whom a command asks for dumps, and whom it must not.
import { exitCodes, TbprofError, usageError } from '../errors.ts';
import { findDanger } from '../tracebacker/danger.ts';
import type { Target } from '../tracebacker/target.ts';
import type { CommandContext } from './context.ts';

/** The `-s` options, else the environment's TBPROF_SOCKET; empty: they are to be found. */
export function chooseSockets(sockets: readonly string[], env: CommandContext['env']): readonly string[] {
  if (sockets.length > 0) return sockets;
  return env.TBPROF_SOCKET ? [env.TBPROF_SOCKET] : [];
}

/** Throws where nobody could see what only an agent sees. */
export function requireAgent(targets: readonly Target[]): void {
  if (targets.some(({ stream }) => stream !== null)) return;
  throw usageError('--greenlets and --tasks need an agent, which these workers lack', 'see: tbprof agent --help');
}

/** Throws where the first dump may crash a worker, before anybody is connected to. */
export function refuseDanger(targets: readonly Target[]): void {
  const danger = findDanger(targets);
  if (danger === null) return;
  const { message, remedy } = danger.finding;
  throw new TbprofError(`nobody was asked: in the uWSGI server ${danger.pid} ${message}`, {
    code: 'danger',
    exitCode: exitCodes.nothingRecorded,
    hint: `${remedy}; --keep-going insists`,
  });
}
