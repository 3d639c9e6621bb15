// Whom a command asks for dumps, and whom it must not.
import { exitCodes, TbprofError } from '../errors.ts';
import { findDanger } from '../tracebacker/danger.ts';
import type { Target } from '../tracebacker/target.ts';
import type { CommandContext } from './context.ts';

/** The `-s` options, else the environment's TBPROF_SOCKET; empty: they are to be found. */
export function chooseSockets(sockets: readonly string[], env: CommandContext['env']): readonly string[] {
  if (sockets.length > 0) return sockets;
  return env.TBPROF_SOCKET ? [env.TBPROF_SOCKET] : [];
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
