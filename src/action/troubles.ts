import { type Patience, startPatience } from '../github/client.ts';
import {
  explainFailure,
  type FailedService,
  isGeneral,
  type ReadOnlyReason,
  type TroubleKind,
  troubleOf,
} from '../github/service-failure.ts';
import type { Log } from '../host/run.ts';

/** What went wrong with GitHub in this run: each cause is said once, and one that is down is not waited for twice. */
export interface Troubles {
  /** One warning; where the same cause has had one already, and it is no missing permission, a line of the log. */
  say(error: unknown, service: Omit<FailedService, 'readOnly'>): void;
  /** The patience for what comes next, started. */
  patience(usual: Patience, totalMs: number): Patience;
}

/** Limit of what is told after GitHub did not answer at all, in milliseconds. */
const impatientMs = 20_000;

export function createTroubles(log: Log, readOnly?: ReadOnlyReason): Troubles {
  const said = new Set<TroubleKind>();
  return {
    say: (error, service) => {
      const trouble = troubleOf(error);
      if (said.has(trouble.kind)) log.info(`${service.what} either, for the same reason (${trouble.said}).`);
      else log.warning(explainFailure(error, { ...service, readOnly }));
      if (isGeneral(trouble)) said.add(trouble.kind);
    },
    patience: (usual, totalMs) => {
      const isDown = said.has('network') || said.has('time-out');
      return isDown
        ? startPatience({ ...usual, tries: 1 }, Math.min(totalMs, impatientMs))
        : startPatience(usual, totalMs);
    },
  };
}
