import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { buildImage } from '../../src/image/build.ts';

/** Builds what its argument says, in a process of its own, and says as JSON what came of it: see `elsewhere.ts`. */
const { workDir, cacheDir, inputs, options } = JSON.parse(process.argv[2] ?? '');
const logged: string[] = [];
const keep = (message: string) => void logged.push(message);
const log = { info: keep, warning: keep, detail: keep };
const run = openRun(workDir, cacheDir, log, new AbortController().signal);
try {
  console.log(JSON.stringify({ image: await buildImage(run, inputs, options), logged }));
} catch (error) {
  if (!(error instanceof SnapgateError)) throw error;
  const { code, message, remedy, details } = error;
  console.log(JSON.stringify({ error: { code, message, remedy, lines: details?.lines ?? [] }, logged }));
} finally {
  closeRun(run.dir);
}
