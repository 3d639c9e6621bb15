// The report of `tbprof workers` as text for people. All text from outside is made visible here.
import { count } from '../formats/summary.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Finding } from '../tracebacker/check.ts';
import type { RunningRequest, ServerStats } from '../tracebacker/stats-json.ts';
import { visible } from '../visible.ts';
import type { ServerReport, WorkerReport, WorkersReport } from './workers-report.ts';

export interface WorkersView {
  readonly nowEpochSeconds: number;
  readonly paint: Terminal['paint'];
}

/** Paths are as long as a client likes. */
const maxPathLength = 120;

export function renderWorkers({ servers, stats }: WorkersReport, view: WorkersView): string {
  const sections = servers.map((server) => renderServer(server, view));
  if (stats !== null) sections.push(renderStats(stats, view));
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderServer(server: ServerReport, { paint }: WorkersView): string[] {
  const { workers, advice, findings, checked } = server;
  const name = server.pid === null ? visible(server.name) : `${server.pid}`;
  const lines = [paint('bold', `server ${name}: ${count(workers.length, 'worker')} with ${describeOffers(workers)}`)];
  if (workers.length > 0) {
    const head = ['worker', 'pid', 'uptime', 'rss', 'state', 'first byte', 'verdict', 'offers', 'address'];
    lines.push(...align([head, ...workers.map(describe)], [0, 1, 2, 3, 5]));
  }
  if (advice !== null) lines.push(`  ${visible(advice.message)}: ${visible(advice.remedy)}`);
  lines.push(...findings.map((finding) => renderFinding(finding, paint)));
  if (checked && findings.length === 0) lines.push('  check: nothing found');
  return lines;
}

function describe(row: WorkerReport): string[] {
  return [
    String(row.worker ?? '?'),
    String(row.pid ?? '?'),
    row.uptimeSeconds === null ? '?' : printSeconds(row.uptimeSeconds),
    row.rssBytes === null ? '?' : `${(row.rssBytes / 2 ** 20).toFixed(0)} MiB`,
    describeState(row),
    row.waitMs === null ? '-' : `${row.waitMs.toFixed(1)} ms`,
    row.verdict,
    row.offers,
    row.address,
  ];
}

function describeOffers(workers: readonly WorkerReport[]): string {
  const kinds = new Set(workers.map(({ offers }) => (offers === 'tracebacker' ? 'a tracebacker' : 'an agent')));
  return kinds.size === 0 ? 'a tracebacker' : [...kinds].sort().reverse().join(' or ');
}

function describeState({ busyCores, otherThreads }: WorkerReport): string {
  if (otherThreads === null) return '?';
  if (busyCores === null) return otherThreads === 0 ? 'idle' : count(otherThreads, 'thread');
  const state = busyCores === 0 ? 'idle' : `busy, ${count(busyCores, 'core')}`;
  return otherThreads === 0 ? state : `${state} (+ ${count(otherThreads, 'thread')})`;
}

function renderFinding({ severity, message, remedy }: Finding, paint: Terminal['paint']): string {
  const label = severity === 'hint' ? paint('dim', severity) : paint('yellow', severity);
  return `  ${label}: ${visible(message)}\n      ${visible(remedy)}`;
}

function renderStats({ version, masterPid, workers }: ServerStats, { nowEpochSeconds, paint }: WorkersView): string[] {
  const head = ['worker', 'pid', 'status', 'requests', 'exceptions', 'average', 'respawns', 'running'];
  const rows = workers.flatMap(({ worker, pid, status, requests, exceptions, averageMs, respawns, running }) => {
    const requestsNow = running.map((request) => printRequest(request, nowEpochSeconds));
    const figures = [`${requests}`, `${exceptions}`, `${averageMs.toFixed(1)} ms`, `${respawns}`];
    const first = [`${worker}`, pid === 0 ? '-' : `${pid}`, status, ...figures, requestsNow[0] ?? ''];
    return [first, ...requestsNow.slice(1).map((request) => [...Array<string>(7).fill(''), request])];
  });
  const title = `uWSGI's own figures: version ${visible(version)}, master ${masterPid}`;
  return [paint('bold', title), ...align([head, ...rows], [0, 1, 3, 4, 5, 6])];
}

function printRequest({ core, method, path, startedEpochSeconds }: RunningRequest, nowEpochSeconds: number): string {
  const shown = path.length > maxPathLength ? `${path.slice(0, maxPathLength)}...` : path;
  const age = startedEpochSeconds === null ? '' : ` for ${printSeconds(nowEpochSeconds - startedEpochSeconds)}`;
  return `core ${core}: ${method === '' ? '?' : method} ${shown}${age}`;
}

/** Columns two blanks apart; those of `right` end together. */
function align(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const cells = rows.map((row) => row.map(visible));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) => {
    const padded = row.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    return `  ${padded.join('  ')}`.trimEnd();
  });
}

/** `42s`, `3m5s`, `2h13m`, `5d4h`: two units are enough. */
export function printSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m${whole % 60}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}h${Math.floor((whole % 3_600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d${Math.floor((whole % 86_400) / 3_600)}h`;
}
