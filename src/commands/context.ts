// What a command may know of the world outside; cli.ts gives the real one.
import type { Screen, ScreenHandlers } from '../output/screen.ts';
import type { Terminal } from '../output/terminal.ts';

export interface SuspendHandlers {
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP: end early, write everything. */
  readonly stop: AbortSignal;
  /** Aborted by a second Ctrl-C or SIGTERM: wait for nobody, write everything. */
  readonly hurry: AbortSignal;
  /**
   * Registers what Ctrl-Z does before the process stops, and what happens when it goes on; returns how to take it back.
   */
  readonly onSuspend: (handlers: SuspendHandlers) => () => void;
  /** Takes the whole terminal, until it is closed; null where stdout is none that can be taken. */
  readonly openScreen: (handlers: ScreenHandlers) => Screen | null;
  readonly now: () => Date;
  readonly host: string;
  readonly version: string;
  /** `v20.20.2` */
  readonly nodeVersion: string;
}
