import type { BuiltImage, Image } from '../image/types.ts';

/** The guest of an engine's own builder, which no other engine boots. */
export function needBuilt(image: Image, builder: BuiltImage['builder']): BuiltImage {
  if (image.kind === 'built' && image.builder === builder) return image;
  throw new Error(`a guest that is not of the builder ${builder} is not for this engine`);
}
