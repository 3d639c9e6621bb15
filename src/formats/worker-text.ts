// What profile/labels.ts calls a worker -> the worker again, for formats that carry only its name.

export interface NamedWorker {
  readonly number: number;
  readonly host: string | null;
  readonly address: string;
}

/** `worker 2`, `worker 2 on web1`, `worker 2 (/tmp/tbsocket.2)`; null for any other text. */
export function parseWorkerLabel(text: string): NamedWorker | null {
  const [, number, host = null, address] = /^worker (\d{1,9})(?: on (\S+))?(?: \((.+)\))?$/s.exec(text) ?? [];
  if (number === undefined) return null;
  return { number: Number(number), host, address: address ?? `worker ${number}` };
}

/** A thread that uWSGI named says whose it is. */
export function workerOfThread(name: string): NamedWorker | null {
  const number = /^uWSGIWorker(\d{1,9})Core\d+$/.exec(name)?.[1];
  return number === undefined ? null : { number: Number(number), host: null, address: `worker ${number}` };
}
