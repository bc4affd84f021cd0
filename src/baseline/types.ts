import type { ImageInputs } from '../image/types.ts';
import type { Measurement, Subject } from '../measure/record.ts';

/** The base side of a gate, found but not yet built. */
export type BaseSide =
  /** Nothing to compare with: only absolute caps gate. */
  | { readonly kind: 'none' }
  /** Measured before; its fingerprint must equal the head's. */
  | { readonly kind: 'measurement'; readonly measurement: Measurement }
  /** To be built from `inputs`, whose relative paths are below `checkout`, and measured beside the head. */
  | {
      readonly kind: 'image';
      readonly subject: Subject;
      readonly inputs: ImageInputs;
      readonly checkout: string;
    };
