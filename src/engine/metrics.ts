import type { PageDiff } from '../pages/page-tally.ts';
import { type CycleMetrics, type MetricName, metricNames } from './contract.ts';
import type { CommandSettings, EngineSettings } from './settings.ts';

/** The metrics that an engine can give with these settings: any other is absent from its measurements. */
export function metricsOf(settings: EngineSettings): readonly MetricName[] {
  if (settings.kind === 'e2b') return metricNames;
  if (settings.kind !== 'command') return metricNames.filter((name) => !name.endsWith('.storedBytes'));
  const disk = settings.rootfsFile !== undefined;
  return metricsOfFormat(settings.format).filter((name) => disk || !name.startsWith('rootfs.'));
}

/** What is known of the pages of a memory, as metrics of it: what is not known is left out. */
export function memoryMetrics(diff: Partial<PageDiff>): CycleMetrics {
  const metrics: Partial<Record<MetricName, number>> = {};
  for (const [field, bytes] of Object.entries(diff)) if (isField(field)) metrics[memoryNames[field]] = bytes;
  return metrics;
}

/** A field of PageDiff without a metric of its name does not compile. */
const memoryNames: { readonly [Field in keyof PageDiff]: `memfile.${Field}` & MetricName } = {
  writtenBytes: 'memfile.writtenBytes',
  changedBytes: 'memfile.changedBytes',
  zeroedBytes: 'memfile.zeroedBytes',
  compressedBytes: 'memfile.compressedBytes',
  hugeBytes: 'memfile.hugeBytes',
};

function isField(name: string): name is keyof PageDiff {
  return Object.hasOwn(memoryNames, name);
}

function metricsOfFormat(format: CommandSettings['format']): readonly MetricName[] {
  switch (format) {
    case 'raw':
      return ofWholeImages;
    case 'sparse-diff':
      return metricNames.filter((name) => !name.endsWith('.storedBytes') && name !== 'stateBytes');
    case 'e2b':
      return metricNames.filter((name) => name !== 'stateBytes');
  }
}

const times: readonly MetricName[] = ['resumeMs', 'pauseMs'];

/** Which pages were written and left the same, two whole images do not tell, and so not which huge pages were touched either. Of a disk, it is the blocks that changed. */
const ofWholeImages: readonly MetricName[] = [
  'memfile.changedBytes',
  'memfile.zeroedBytes',
  'memfile.compressedBytes',
  'rootfs.writtenBytes',
  ...times,
];
