import type { Log } from '../host/run.ts';

/** Says the first message as a warning, and what comes after it as progress: one cause is one warning, however often it is met. */
export function oneWarning(log: Log): (message: string) => void {
  let warned = false;
  return (message) => {
    if (warned) log.info(message);
    else log.warning(message);
    warned = true;
  };
}
