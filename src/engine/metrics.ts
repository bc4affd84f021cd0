import { type MetricName, metricNames } from './contract.ts';
import type { EngineSettings } from './settings.ts';

/** The metrics that an engine can give with these settings: any other is absent from its measurements. */
export function metricsOf(settings: EngineSettings): readonly MetricName[] {
  if (settings.kind !== 'command') return metricNames;
  const disk = settings.rootfsFile !== undefined;
  return metricNames.filter((name) => {
    if (name.startsWith('rootfs.') && !disk) return false;
    switch (settings.format) {
      case 'raw':
        return ofWholeImages.includes(name);
      case 'sparse-diff':
        return !name.endsWith('.storedBytes');
      case 'e2b':
        return name.endsWith('.storedBytes') || ofAnyFiles.includes(name);
    }
  });
}

const ofAnyFiles: readonly MetricName[] = ['stateBytes', 'resumeMs', 'pauseMs'];

/** Which pages were written and left the same, two whole images do not tell, and so not which huge pages were touched either. */
const ofWholeImages: readonly MetricName[] = [
  'memfile.changedBytes',
  'memfile.zeroedBytes',
  'memfile.compressedBytes',
  'rootfs.changedBytes',
  ...ofAnyFiles,
];
