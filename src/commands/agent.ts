// tbprof agent: prints the Python agent, or puts it where Python finds it.
import { type ExitCode, exitCodes, usageError } from '../errors.ts';
import { agentFile, readAgent, startOf } from '../output/files.ts';
import { writeReport } from '../output/write.ts';
import type { CommandContext } from './context.ts';

export interface AgentOptions {
  /** Folder to write it to; undefined: stdout. */
  readonly install?: string | undefined;
}

/** How every version of it begins; something else of this name is left alone. */
const signature = '"""tbprof';

/** After the options of `tbprof agent --help`. */
export const agentHelp = `
The agent is one Python file (3.7 or later, nothing else needed) that samples inside the worker. It sees pure computation
as it is, tells processor time, leaks nothing, and has none of the troubles of uWSGI's own tracebacker. Put it where
Python finds it (tbprof agent --install DIR), add the lines below, reload. tbprof record then finds and prefers it.

  uWSGI, in the ini file:
    pythonpath = DIR
    import = tbprof_agent
    enable-threads = true
    set = tbprof=/tmp/tbsocket.       or the environment variable TBPROF_SOCKET; not needed beside
                                      py-tracebacker = /tmp/tbsocket., whose prefix it takes
    set = tbprof-mode=660             not needed: who else may connect, and see all stacks; 600 without it
    It is imported in the master, and starts its thread in each worker, after the fork; with lazy-apps = true it is
    imported in each worker. Both work.

  gunicorn, in gunicorn.conf.py:
    def post_fork(server, worker):
        import tbprof_agent
        tbprof_agent.start("/tmp/tbsocket.")

  Celery (prefork):
    import tbprof_agent
    from celery.signals import worker_process_init, worker_process_shutdown
    @worker_process_init.connect
    def start_tbprof(**_):
        tbprof_agent.start("/tmp/tbsocket.")
    @worker_process_shutdown.connect      # Celery ends its workers by os._exit(), and their sockets would stay
    def stop_tbprof(**_):
        tbprof_agent.stop()

  any program:
    import tbprof_agent
    tbprof_agent.start("/tmp/tbsocket.")      # or with mode=0o660

Then: tbprof workers --check; tbprof record -d 30s; tbprof record -d 30s --mode cpu.
`;

export async function agent({ install }: AgentOptions, { terminal }: CommandContext): Promise<ExitCode> {
  if (install === undefined) {
    await terminal.out(readAgent());
    return exitCodes.done;
  }
  const file = agentFile(install);
  const there = startOf(file);
  if (there !== null && !there.startsWith(signature)) {
    throw usageError(`${file} is there already, and is no agent of tbprof`, 'choose another folder, or move it away');
  }
  await writeReport(file, () => [readAgent()]);
  terminal.say(`wrote ${file}${there === null ? '' : ', in the place of the one that was there'}`);
  terminal.say(
    'next: make sure that Python looks there (uWSGI: pythonpath), add the lines of tbprof agent --help, reload',
  );
  return exitCodes.done;
}
