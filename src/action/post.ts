import * as core from '@actions/core';
import { closeRun } from '../host/cleanup.ts';
import { messageOf } from '../host/error.ts';
import { closeAbandoned } from './close-abandoned.ts';
import { createActionLog } from './log.ts';
import { keptAnnouncement, keptRunDir } from './state.ts';

/**
 * The post step: removes whatever the main step could not, because it was cancelled or killed, and takes back what GitHub was told and not
 * told the end of. After a main that ended by itself there is nothing left to do.
 */
export async function post(env: NodeJS.ProcessEnv): Promise<void> {
  removeRun();
  const open = keptAnnouncement(core);
  if (open === undefined) return;
  const apiUrl = env['GITHUB_API_URL'] ?? 'https://api.github.com';
  await closeAbandoned(open, { log: createActionLog(core), apiUrl, token: core.getInput('github-token') });
}

function removeRun(): void {
  const dir = keptRunDir(core);
  if (dir === undefined) return;
  try {
    closeRun(dir);
  } catch (error) {
    core.warning(`snapgate could not remove all of ${dir}: ${messageOf(error)}`);
  }
}
