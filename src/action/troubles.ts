import { type Patience, startPatience, usualPatience } from '../github/client.ts';
import {
  explainFailure,
  type FailedService,
  isGeneral,
  type ReadOnlyReason,
  troubleOf,
} from '../github/service-failure.ts';
import type { Log } from '../host/run.ts';

/** What went wrong with GitHub in this run: each cause is a warning once, and one that is down is not waited for twice. */
export interface Troubles {
  /** One warning; where there was one of the same cause and permission, or of all GitHub, a line of the log. */
  say(error: unknown, service: Omit<FailedService, 'readOnly'>): void;
  /** A line of the log, of what will be tried again. */
  note(error: unknown, what: string): void;
  /** The patience for what comes next, started. */
  patience(usual: Patience, totalMs: number): Patience;
}

/** Limit of what is told within a minute after GitHub did not answer at all. Milliseconds. */
const impatientMs = 10_000;
const downMs = 60_000;

export function createTroubles(log: Log, readOnly?: ReadOnlyReason, now = usualPatience.now): Troubles {
  const said = new Set<string>();
  let downAt = Number.NEGATIVE_INFINITY;
  const learn = (error: unknown) => {
    const trouble = troubleOf(error);
    if (trouble.kind === 'network' || trouble.kind === 'time-out') downAt = now();
    return trouble;
  };
  return {
    say: (error, service) => {
      const trouble = learn(error);
      const cause = isGeneral(trouble) ? trouble.kind : `${service.scope}: ${trouble.kind}`;
      if (said.has(cause)) log.info(`${service.what}, for the same reason (${trouble.said}).`);
      else log.warning(explainFailure(error, { ...service, readOnly }));
      said.add(cause);
    },
    note: (error, what) => log.info(`${what} (${learn(error).said}).`),
    patience: (usual, totalMs) =>
      now() - downAt < downMs
        ? startPatience({ ...usual, tries: 1 }, Math.min(totalMs, impatientMs))
        : startPatience(usual, totalMs),
  };
}
