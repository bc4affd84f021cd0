import type { Config } from '../config/types.ts';
import type { Run } from '../host/run.ts';
import { formatBytes, formatDuration } from '../host/units.ts';
import { buildImage } from '../image/build.ts';
import type { Image, ImageInputs } from '../image/types.ts';
import type { Side } from '../measure/plan.ts';
import type { Subject } from '../measure/record.ts';

/** What a side is built from: the folder its relative paths start at, and what to call it. */
export interface SideSource {
  readonly side: Side;
  readonly subject: Subject;
  readonly inputs: ImageInputs;
  readonly checkout: string;
}

/** Builds one side, with its progress said. */
export async function buildSide(run: Run, config: Config, source: SideSource): Promise<Image> {
  const startedMs = performance.now();
  run.log.info(`${source.side}: building ${source.subject.label}`);
  const image = await buildImage(run, source.inputs, {
    checkout: source.checkout,
    side: source.side,
    cacheLimitBytes: config.cacheLimitBytes,
  });
  const took = formatDuration(performance.now() - startedMs);
  run.log.info(
    `${source.side}: image ${image.rootfsSha256.slice(0, 12)}, ${formatBytes(image.rootfsBytes)}, kernel ${image.kernelVersion}, ${took}`,
  );
  return image;
}
