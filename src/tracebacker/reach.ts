// A socket as its process has bound it -> where we reach it, who may be outside of its container.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from './target.ts';

/**
 * A container has another root: its files are reached through a process in it, the master where it is in the same one,
 * since workers come and go. Abstract names are those of a network namespace: null where it is not ours, and the name may
 * be somebody else's here.
 */
export function reach(pid: number, master: number, name: string): Address | null {
  if (name.startsWith('\0')) {
    const isHere = readLink(`/proc/${pid}/ns/net`) === readLink('/proc/self/ns/net');
    return isHere ? { kind: 'abstract', name: name.slice(1) } : null;
  }
  const path = name.startsWith('/') ? name : join(readLink(`/proc/${pid}/cwd`) ?? '/', name);
  const [own, ofWorker, ofMaster] = [rootOf('self'), rootOf(pid), rootOf(master)];
  if (own === ofWorker) return { kind: 'file', path };
  return { kind: 'file', path: `/proc/${ofWorker === ofMaster ? master : pid}/root${path}` };
}

/** The path as its own process knows it, of one that {@link reach} has found. */
export function insideOf(path: string): string {
  return path.replace(/^\/proc\/\d+\/root(?=\/)/, '');
}

function rootOf(pid: number | 'self'): string {
  return `${readLink(`/proc/${pid}/ns/mnt`)} ${readLink(`/proc/${pid}/root`)}`;
}

/** Null where there is no link, or no right to read it. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
