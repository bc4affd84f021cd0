import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withRun } from '../../src/host/session.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-session-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('what cannot be removed is a warning, and not the error of the run', async () => {
  const warnings: string[] = [];
  const log = { info: () => {}, detail: () => {}, warning: (message: string) => warnings.push(message) };
  let runDir = '';
  const job = withRun({ workDir: join(dir, 'work'), cacheDir: join(dir, 'cache'), log }, async (run) => {
    runDir = run.dir;
    // The clean-up cannot read a folder; what it cannot remove depends on who runs it.
    mkdirSync(join(run.dir, 'ledger.jsonl'));
    throw new Error('of the job');
  });
  await expect(job).rejects.toThrow('of the job');
  expect(warnings).toEqual([`What this run left in ${runDir} cannot be removed (EISDIR).`]);
});
