import { closeSync, fsyncSync, openSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './error.ts';

/**
 * Renames a whole folder into place. What is in it is on the disk before, so that a power cut leaves no files there that are empty and trusted for good.
 * Where another run was first, what it has put there stays, and the folder where it was.
 */
export function publish(dir: string, path: string): void {
  for (const item of readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (item.isFile() || item.isDirectory()) settle(join(item.parentPath, item.name));
  settle(dir);
  try {
    renameSync(dir, path);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function settle(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
