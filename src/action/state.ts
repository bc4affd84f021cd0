import { basename, isAbsolute } from 'node:path';
import { type OpenAnnouncement, readOpenAnnouncement } from './open-announcement.ts';

/** What the main step leaves for the post step; `@actions/core` has this shape. */
export interface StateStore {
  saveState(name: string, value: string): void;
  getState(name: string): string;
}

const runDirState = 'run-dir';
const announcementState = 'announcement';

/** Remembers the folder of the run, for the post step to remove with all that the run made. */
export function keepRunDir(store: Pick<StateStore, 'saveState'>, dir: string): void {
  store.saveState(runDirState, dir);
}

/** The folder that the main step kept; undefined where main ended before it made one, or for what cannot be a run's folder. */
export function keptRunDir(store: Pick<StateStore, 'getState'>): string | undefined {
  const dir = store.getState(runDirState);
  return isAbsolute(dir) && /^snapgate-run-[0-9a-f-]{36}$/.test(basename(dir)) ? dir : undefined;
}

/** Remembers what GitHub was told and not yet told the end of; undefined for nothing any more. */
export function keepAnnouncement(
  store: Pick<StateStore, 'saveState'>,
  open: OpenAnnouncement | undefined,
): void {
  store.saveState(announcementState, open === undefined ? '' : JSON.stringify(open));
}

export function keptAnnouncement(store: Pick<StateStore, 'getState'>): OpenAnnouncement | undefined {
  return readOpenAnnouncement(store.getState(announcementState));
}
