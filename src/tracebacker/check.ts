// What would make sampling a server unsafe or untrue, from plain facts about it. Pure; the facts are of facts.ts.
import type { UwsgiOption } from './uwsgi-options.ts';

/** Where the source of a sampled file has its first character that is not ASCII. */
export interface NonAsciiLine {
  readonly file: string;
  readonly line: number;
}

/** What a worker can be asked through; who has an agent is recorded by it. */
export type Offer = 'agent' | 'tracebacker' | 'both';

export interface ServerFacts {
  readonly options: readonly UwsgiOption[];
  /** Config files that are named but cannot be read: options that are not seen may be set there. */
  readonly unreadable: readonly string[];
  /** False where we may not see its open files. */
  readonly visible: boolean;
  /** A tracebacker or an agent. */
  readonly hasTracebacker: boolean;
  /** Threads of the master that uWSGI has not started itself. */
  readonly foreignMasterThreads: number;
  /** 11 for Python 3.11; null where it cannot be seen. */
  readonly pythonMinor: number | null;
  readonly nonAscii: readonly NonAsciiLine[];
  readonly workers: readonly { readonly name: string; readonly verdict: string; readonly offers: Offer }[];
}

export type FindingKind =
  | 'threads-before-fork'
  | 'threads-disabled'
  | 'several-interpreters'
  | 'no-line-numbers'
  | 'non-ascii-source'
  | 'poisoned'
  | 'denied'
  | 'unreadable-config'
  | 'no-agent';

export interface Finding {
  readonly kind: FindingKind;
  /** `danger`: sampling may crash a worker. `warning`: what it shows may be wrong or missing. */
  readonly severity: 'danger' | 'warning' | 'hint';
  readonly message: string;
  readonly remedy: string;
}

/** The gravest first. */
export function checkServer(facts: ServerFacts): Finding[] {
  const rules = [
    checkThreadsBeforeFork,
    checkThreadsDisabled,
    checkInterpreters,
    checkSource,
    checkPoisoned,
    checkDenied,
    checkConfig,
    checkPython,
    checkAgent,
  ];
  const findings = rules.map((rule) => rule(facts)).filter((finding) => finding !== null);
  const rank = { danger: 0, warning: 1, hint: 2 };
  return findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/**
 * A dump of a worker that was forked from a Python with other threads may crash it: the state of a thread that the fork
 * did not copy is still listed, and points into its former stack (Python 3.11: SIGSEGV in _PyThread_CurrentFrames where
 * that thread was inside a Python function). It is the threads that count: `lazy-apps` with a shared-import that starts
 * one was seen to crash too. The options that tell Python of the fork were seen to cure it, on uWSGI 2.0.21.
 */
export function checkThreadsBeforeFork(facts: Pick<ServerFacts, 'foreignMasterThreads' | 'options'>): Finding | null {
  const { foreignMasterThreads: threads, options } = facts;
  if (threads === 0) return null;
  const were = threads === 1 ? 'a thread was' : `${threads} threads were`;
  if (isSet(options, 'py-call-osafterfork') || isSet(options, 'py-call-uwsgi-fork-hooks')) {
    return {
      kind: 'threads-before-fork',
      severity: 'warning',
      message: `${were} started in the master, before the fork; only py-call-osafterfork or its like keeps a dump from crashing the worker`,
      remedy: 'set lazy-apps = true, which is safe with every version of Python',
    };
  }
  return {
    kind: 'threads-before-fork',
    severity: 'danger',
    message: `${were} started in the master, before the fork: the first dump may crash the worker, and again after each respawn`,
    remedy: isSet(options, 'lazy-apps')
      ? 'lazy-apps is set, so something else starts them (shared-import?): start them in the workers (uwsgidecorators.postfork)'
      : 'set lazy-apps = true, or start the threads in the workers (uwsgidecorators.postfork)',
  };
}

/** py-tracebacker implies enable-threads and master (UWSGI_OPT_THREADS in plugins/python/python_plugin.c). */
function checkThreadsDisabled({ hasTracebacker, options, unreadable }: ServerFacts): Finding | null {
  const enabled = ['enable-threads', 'threads', 'py-tracebacker', 'py-autoreload', 'py-auto-reload'];
  if (hasTracebacker || unreadable.length > 0 || enabled.some((name) => isSet(options, name))) return null;
  return {
    kind: 'threads-disabled',
    severity: 'warning',
    message: 'Python threads are disabled: threads of the application do not run, and an agent could not either',
    remedy: 'set enable-threads = true (py-tracebacker implies it)',
  };
}

/** Each mounted application has an interpreter of its own, and a dump shows the threads of one. */
function checkInterpreters({ options }: ServerFacts): Finding | null {
  const sources = ['wsgi-file', 'file', 'module', 'wsgi', 'w', 'paste', 'pecan'];
  const apps =
    options.filter(([name]) => name === 'mount').length + (sources.some((name) => isSet(options, name)) ? 1 : 0);
  if (apps < 2 || isSet(options, 'single-interpreter') || isSet(options, 'i')) return null;
  return {
    kind: 'several-interpreters',
    severity: 'warning',
    message: `${apps} applications run in interpreters of their own: dumps do not show the threads of all of them`,
    remedy: 'set single-interpreter = true, where the applications bear it',
  };
}

function checkSource({ nonAscii, workers }: ServerFacts): Finding | null {
  if (nonAscii.length === 0 || allHaveAgents(workers)) return null;
  const shown = nonAscii.slice(0, 5).map(({ file, line }) => `${file}:${line}`);
  if (nonAscii.length > shown.length) shown.push(`and ${nonAscii.length - shown.length} files more`);
  return {
    kind: 'non-ascii-source',
    severity: 'warning',
    message: `the source has lines that are not ASCII: a dump that meets one silences the tracebacker of its worker (${shown.join(', ')})`,
    remedy:
      'write these lines in ASCII, comments behind code too, or use the agent, which minds none of them (tbprof agent); ' +
      'a worker that went silent is healed by a reload',
  };
}

function checkPoisoned({ workers }: ServerFacts): Finding | null {
  const isPoisoned = (verdict: string) => verdict === 'poisoned' || verdict === 'cut';
  const names = workers
    .filter(({ verdict, offers }) => isPoisoned(verdict) && offers === 'tracebacker')
    .map(({ name }) => name);
  if (names.length === 0) return null;
  return {
    kind: 'poisoned',
    severity: 'warning',
    message: `${names.join(', ')}: poisoned, its tracebacker is silent until the worker is reloaded; the application is unharmed`,
    remedy:
      'reload the worker, and see to its cause: a source line that is not ASCII, or a frame without a line number',
  };
}

function checkDenied({ workers, visible, hasTracebacker }: ServerFacts): Finding | null {
  const names = workers.filter(({ verdict }) => verdict === 'denied').map(({ name }) => name);
  if (names.length === 0 && (visible || hasTracebacker)) return null; // whom we could ask, we need not see
  return {
    kind: 'denied',
    severity: 'warning',
    message:
      names.length > 0
        ? `${names.join(', ')}: no permission to connect to the tracebacker`
        : 'its open sockets cannot be seen by this user',
    remedy: 'run tbprof as the user that uWSGI runs as, or let others write to the sockets: chmod-socket = 666',
  };
}

function checkConfig({ unreadable }: ServerFacts): Finding | null {
  if (unreadable.length === 0) return null;
  return {
    kind: 'unreadable-config',
    severity: 'hint',
    message: `its configuration cannot be read (${unreadable.join(', ')}), so this check knows only a part of it`,
    remedy: 'run tbprof as a user that may read it',
  };
}

function checkPython({ pythonMinor, hasTracebacker, workers }: ServerFacts): Finding | null {
  if (!hasTracebacker || pythonMinor === null || pythonMinor < 11 || allHaveAgents(workers)) return null;
  return {
    kind: 'no-line-numbers',
    severity: 'hint',
    message: `Python 3.${pythonMinor} has frames without a line number, and a dump that meets one silences the tracebacker of its worker`,
    remedy:
      'record no longer and no faster than needed, or use the agent, which minds none of them (tbprof agent); a worker ' +
      'that went silent is healed by a reload',
  };
}

function checkAgent({ options, hasTracebacker, workers }: ServerFacts): Finding | null {
  const without = workers.filter(({ offers }) => offers === 'tracebacker').map(({ name }) => name);
  if (!hasTracebacker || without.length === 0) return null;
  const isImported = options.some(([name, value]) => /import$/.test(name) && /\btbprof_agent\b/.test(value));
  const who = without.length === workers.length ? '' : `${without.join(', ')}: `;
  return {
    kind: 'no-agent',
    severity: 'hint',
    message: isImported
      ? `${who}the agent is imported, but does not run`
      : `${who}no agent: dumps come from uWSGI's stock tracebacker, which under-reports pure computation and leaks a little memory`,
    remedy: isImported
      ? 'look for tbprof_agent in the log of uWSGI: it says why it does not start (enable-threads, threads before the fork, ...)'
      : 'tbprof agent --help says how to add it; without it keep the rate low',
  };
}

function allHaveAgents(workers: ServerFacts['workers']): boolean {
  return workers.length > 0 && workers.every(({ offers }) => offers !== 'tracebacker');
}

/** As uwsgi_opt_true of core/uwsgi.c sees it. */
function isSet(options: readonly UwsgiOption[], name: string): boolean {
  const value = options.findLast(([option]) => option === name)?.[1];
  return value !== undefined && !/^(false|off|no|0)$/i.test(value);
}
