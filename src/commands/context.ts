// What a command may know of the world outside; cli.ts gives the real one.
import type { Terminal } from '../output/terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM: end early, write everything. */
  readonly stop: AbortSignal;
  readonly now: () => Date;
  readonly host: string;
  readonly version: string;
  /** `v20.20.2` */
  readonly nodeVersion: string;
}
