import { SnapgateError } from '../host/error.ts';
import type { EngineReport } from './contract.ts';

/** The error for a host that failed its probe: all that is missing, and all that was checked. */
export function unusableHost(report: EngineReport): SnapgateError {
  const failed = report.checks.filter((check) => check.required && !check.ok);
  const remedies = new Set(failed.flatMap(({ remedy }) => remedy ?? []));
  return new SnapgateError(
    'host',
    `this machine cannot run guests: ${failed.map(({ what, found }) => `${what}: ${found}`).join('; ')}`,
    [...remedies].map((remedy) => remedy.replace(/\.$/, '')).join('; ') ||
      'snapgate probe shows all that was checked.',
    {
      details: {
        title: 'what this machine can do',
        lines: report.checks.map(({ ok, what, found }) => `${ok ? 'ok  ' : 'MISS'} ${what}: ${found}`),
      },
    },
  );
}
