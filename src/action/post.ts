import * as core from '@actions/core';
import { closeRun } from '../host/cleanup.ts';
import { keptRunDir } from './state.ts';

/**
 * The post step: removes whatever the main step could not, because it was cancelled or killed. After a main that ended by itself there
 * is nothing left to do.
 */
export function post(): void {
  const dir = keptRunDir(core);
  if (dir === undefined) return;
  try {
    closeRun(dir);
  } catch (error) {
    core.warning(
      `snapgate could not remove all of ${dir}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
