import { readMode } from '../config/config.ts';
import type { Mode } from '../config/inputs.ts';
import { isInterruption, messageOf, SnapgateError } from '../host/error.ts';
import type { Log } from '../host/run.ts';
import { paragraph, prose } from '../report/escape.ts';
import type { Announcer, Failure } from './announce.ts';
import { announcerOf } from './announcer-of.ts';
import { readDestination } from './destination.ts';
import { noOutputs } from './outputs.ts';
import { setOutputs, writeSummary } from './publish.ts';

/** Tells that nothing was measured or decided, where the result would have been. */
export interface NotMeasured {
  /** Who has told of this run since it began. Without one, an announcer is opened as well as it can be. */
  use(announcer: Announcer): void;
  /**
   * Tells an error, the first time that it is called. Never throws. Of a step that is cancelled nothing: it has no time left, and the post step
   * takes back what was told.
   */
  tell(error: unknown): Promise<void>;
}

/** @param getInput text of an input, empty where it is not given. */
export function openNotMeasured(
  log: Log,
  env: NodeJS.ProcessEnv,
  getInput: (name: string) => string,
): NotMeasured {
  let announcer: Announcer | undefined;
  let isTold = false;
  const opened = () => {
    const destination = readDestination(env, getInput);
    return destination && announcerOf(log, destination, destination);
  };
  return {
    use: (given) => {
      announcer = given;
    },
    tell: async (error) => {
      const mode = modeOf(getInput);
      if (isTold || mode === 'comment' || isInterruption(error)) return;
      isTold = true;
      const failure = failureOf(error);
      sayNoOutputs(log);
      await writeSummary(log, notMeasuredSummary(failure));
      if (mode === 'gate') await (announcer ?? opened())?.failed(failure);
    },
  };
}

/** The job summary of a run that came to nothing. */
export function notMeasuredSummary({ message, remedy }: Failure): string {
  return [
    '### ⚫ snapgate: not measured',
    paragraph(message),
    `What to do: ${prose(remedy)}`,
    'Nothing was compared: this says nothing about the change.\n',
  ].join('\n\n');
}

/** A mode that is wrong is the error that is told, where a gate would be. */
function modeOf(getInput: (name: string) => string): Mode {
  try {
    return readMode({ mode: getInput('mode') });
  } catch {
    return 'gate';
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof SnapgateError) return { message: error.message, remedy: error.remedy };
  return { message: messageOf(error), remedy: "The job's log has more; this is a bug of snapgate." };
}

function sayNoOutputs(log: Log): void {
  try {
    setOutputs(noOutputs());
  } catch (error) {
    log.warning(`The outputs could not be written: ${messageOf(error)}`);
  }
}
