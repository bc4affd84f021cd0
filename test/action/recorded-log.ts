import type { Log } from '../../src/host/run.ts';

export interface RecordedLog extends Log {
  readonly infos: string[];
  readonly warnings: string[];
}

/** A log that remembers. */
export function recordedLog(): RecordedLog {
  const [infos, warnings]: [string[], string[]] = [[], []];
  return {
    infos,
    warnings,
    info: (text) => infos.push(text),
    warning: (text) => warnings.push(text),
    detail: () => {},
  };
}
