import { statfsSync } from 'node:fs';
import { SnapgateError } from '../../host/error.ts';
import { explainFullDisk } from '../vm/full-disk.ts';
import { QmpError } from './qmp.ts';

/** The work's result; where it failed for want of room, which QEMU says in words of its own, an error that says so. */
export function explainQemuFullDisk<T>(dir: string, work: () => Promise<T>): Promise<T> {
  return explainFullDisk(dir, work, (error) => mayBeFull(error) && isUsedUp(dir));
}

function mayBeFull(error: unknown): boolean {
  // xen-save-devices-state says no more than `An IO error has occurred`.
  if (error instanceof QmpError) return error.message.includes('IO error');
  // The memory file is sparse: where it cannot grow, the write to memory fails.
  return error instanceof SnapgateError && error.code === 'host' && error.message.includes('SIGBUS');
}

function isUsedUp(dir: string): boolean {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize < 1024 * 1024;
}
