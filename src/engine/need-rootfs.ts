import type { Image, RootfsImage } from '../image/types.ts';

/** The image of snapgate's own making that an engine boots which has no builder of its own. */
export function needRootfs(image: Image): RootfsImage {
  if (image.kind === 'rootfs') return image;
  throw new Error(`a guest of the builder ${image.builder} is not for this engine`);
}
