import type { Run } from '../../host/run.ts';
import type { CycleMetrics } from '../contract.ts';
import type { CommandSettings } from '../settings.ts';
import type { Ended } from './failure.ts';
import { checkFolder } from './folder-state.ts';
import { checkImages, measureDiffs, measureWhole } from './measure-images.ts';
import { checkLayers, measureLayers } from './measure-layers.ts';
import type { CommandSnapshot } from './snapshot.ts';

/** What a command has left in its folder, or is said to have. */
export interface Left {
  readonly ended: Ended;
  readonly dir: string;
  readonly guestBytes: number;
  /** undefined: of prepare. */
  readonly parent: CommandSnapshot | undefined;
}

/** Sizes of the images of a guest. */
export type Sizes = Pick<CommandSnapshot, 'memoryBytes' | 'diskBytes'>;

/** What the files that a pause has left say of the cycle. */
export interface Measured {
  readonly metrics: CycleMetrics;
  /** Sentences for the report. */
  readonly notes: readonly string[];
}

/** @throws SnapgateError `guest` that names the command, unless it has left what the format takes, and not too much beside it */
export function checkLeft(settings: CommandSettings, left: Left): Sizes {
  const sizes = settings.format === 'e2b' ? checkLayers(settings, left) : checkImages(settings, left);
  checkFolder(left.ended, left.dir);
  return sizes;
}

/**
 * Compares what pause has left in `dir`, and what was checked, with the parent's. With `advance` what is kept beside the commands' own files
 * is brought up to date, before those are taken over.
 */
export async function measureLeft(
  run: Run,
  settings: CommandSettings,
  parent: CommandSnapshot,
  dir: string,
  advance: boolean,
): Promise<Measured> {
  switch (settings.format) {
    case 'raw':
      return measureWhole(run, settings, parent, dir);
    case 'sparse-diff':
      return measureDiffs(run, settings, parent, dir, advance);
    case 'e2b':
      return measureLayers(run, settings, parent, dir, advance);
  }
}
