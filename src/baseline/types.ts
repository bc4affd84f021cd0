import type { ImageInputs } from '../image/types.ts';
import type { Measurement, Subject } from '../measure/record.ts';

/** What `base: auto` stands for where an event says it. */
export type AutoBase =
  /** A commit, and in one phrase why it. */
  | { readonly kind: 'commit'; readonly commit: string; readonly why: string }
  /** What was stored last of a branch. */
  | { readonly kind: 'branch'; readonly branch: string };

/** To be built from `inputs`, whose relative paths are below `checkout`; without them by the engine, from the checkout itself. */
export interface ImageSide {
  readonly kind: 'image';
  readonly subject: Subject;
  readonly inputs: ImageInputs | undefined;
  readonly checkout: string;
}

/** Measured before; its fingerprint must equal the other side's. */
export interface MeasuredSide {
  readonly kind: 'measurement';
  readonly measurement: Measurement;
}

/** A commit that is present: stored measurements of it will do, else it is checked out and built. */
export interface CommitSide {
  readonly kind: 'commit';
  readonly commit: string;
  readonly subject: Subject;
  readonly why: string;
  /** Only a stored measurement will do: of the commit, or said aloud, the newest of `branch`. */
  readonly storedOnly: boolean;
  readonly branch: string | undefined;
  /** Checks it out into a worktree of its own. */
  readonly checkOut: () => Promise<ImageSide>;
}

/** The base side of a gate, found but not yet built. */
export type BaseSide =
  /** Nothing to compare with was asked for: only absolute caps gate. */
  | { readonly kind: 'none' }
  | MeasuredSide
  | ImageSide
  | CommitSide
  /** What was stored last of a branch. */
  | { readonly kind: 'branch'; readonly branch: string };

/** The side that is judged. */
export type HeadSide = ImageSide | MeasuredSide;
