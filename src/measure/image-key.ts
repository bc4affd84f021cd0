import type { Measurement } from './record.ts';

/** What images that are the same bytes have in common; undefined where equal records need not be equal guests. */
export function imageKey(image: Measurement['image']): string | undefined {
  // What a builder makes twice of the same need not be the same guest.
  if (!('rootfsSha256' in image)) return undefined;
  const { rootfsSha256, kernelSha256, initrdSha256 = '', init } = image;
  return [rootfsSha256, kernelSha256, initrdSha256, init].join(' ');
}
