import type { Config } from '../config/types.ts';
import type { Engine } from '../engine/contract.ts';
import type { Run } from '../host/run.ts';
import { formatBytes, formatDuration } from '../host/units.ts';
import { buildImage, checkImageInputs } from '../image/build.ts';
import type { Image, ImageInputs, RootfsImage } from '../image/types.ts';
import type { Side } from '../measure/plan.ts';
import type { Subject } from '../measure/record.ts';

/** What a side is built from: the folder its relative paths start at, and what to call it. */
export interface SideSource {
  readonly side: Side;
  readonly subject: Subject;
  /** undefined: the engine makes its guest of the checkout itself. */
  readonly inputs: ImageInputs | undefined;
  readonly checkout: string;
}

/** Checks what can be checked of a side before anything expensive. */
export async function checkSide(
  run: Run,
  { inputs, checkout }: Pick<SideSource, 'inputs' | 'checkout'>,
): Promise<void> {
  if (inputs !== undefined) await checkImageInputs(run, inputs, checkout);
}

/** Builds one side, with its progress said. */
export async function buildSide(
  run: Run,
  config: Config,
  engine: Engine,
  source: SideSource,
): Promise<Image> {
  const { side, checkout, subject } = source;
  const startedMs = performance.now();
  run.log.info(`${side}: building ${subject.label}`);
  const rootfs = await buildRootfsImage(run, config, source);
  const image = engine.build === undefined ? rootfs : await engine.build({ side, checkout, rootfs });
  if (image === undefined) throw new Error('an engine without a builder needs an image source');
  run.log.info(`${side}: ${describe(image)}, ${formatDuration(performance.now() - startedMs)}`);
  return image;
}

async function buildRootfsImage(
  run: Run,
  { cacheLimitBytes }: Config,
  { side, inputs, checkout }: SideSource,
): Promise<RootfsImage | undefined> {
  return inputs && (await buildImage(run, inputs, { checkout, side, cacheLimitBytes }));
}

function describe(image: Image): string {
  if (image.kind === 'rootfs')
    return `image ${image.rootfsSha256.slice(0, 12)}, ${formatBytes(image.rootfsBytes)}, kernel ${image.kernelVersion}`;
  const { builder, sha256, rootfs } = image;
  return [`guest of ${builder} ${sha256.slice(0, 12)}`, ...(rootfs ? [describe(rootfs)] : [])].join(', ');
}
