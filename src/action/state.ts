import { basename, isAbsolute } from 'node:path';

/** What the main step leaves for the post step; `@actions/core` has this shape. */
export interface StateStore {
  saveState(name: string, value: string): void;
  getState(name: string): string;
}

const runDirState = 'run-dir';

/** Remembers the folder of the run, for the post step to remove with all that the run made. */
export function keepRunDir(store: Pick<StateStore, 'saveState'>, dir: string): void {
  store.saveState(runDirState, dir);
}

/** The folder that the main step kept; undefined where main ended before it made one, or for what cannot be a run's folder. */
export function keptRunDir(store: Pick<StateStore, 'getState'>): string | undefined {
  const dir = store.getState(runDirState);
  return isAbsolute(dir) && /^snapgate-run-[0-9a-f-]{36}$/.test(basename(dir)) ? dir : undefined;
}
