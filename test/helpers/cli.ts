// Runs the built command line as a user does: a process of its own, with nothing but PATH in its environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
}

export interface CliOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Null: stdin stays open. */
  readonly input?: string | null;
  /** A file descriptor in place of the pipe. */
  readonly stdout?: number;
  /** A command that is given ours as its last arguments, such as `setpriv`. */
  readonly through?: readonly string[];
}

export function startCli(
  args: readonly string[],
  { env = {}, cwd, input = '', stdout: out, through = [] }: CliOptions = {},
): Started {
  const [command, ...rest] = [...through, process.execPath, cli, ...args];
  const child = spawn(command!, rest, {
    env: { PATH: process.env.PATH, ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ['pipe', out ?? 'pipe', 'pipe'],
  });
  if (input !== null) child.stdin!.end(input);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => stderr.push(chunk));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const stdoutBytes = Buffer.concat(stdout);
      resolve({ exitCode, stdout: stdoutBytes.toString(), stdoutBytes, stderr: Buffer.concat(stderr).toString() });
    });
  });
  return { process: child, finished };
}

export function runCli(args: readonly string[], options?: CliOptions): Promise<Finished> {
  return startCli(args, options).finished;
}
