import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../baseline/repository.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import { type ApiTrouble, apiTroubles, silence } from './api-troubles.ts';
import { type EndedGate, headSha, runRecordedGate } from './recorded-gate.ts';
import { annotationsOf, shownLog } from './workflow-commands.ts';

// Runs that wait cost nothing.
vi.setConfig({ maxConcurrency: 12 });

const label = 'snapshot-growth-accepted';

interface Service {
  readonly name: string;
  readonly path: RegExp;
  readonly permission: string;
}

const services: readonly Service[] = [
  { name: 'the comments', path: /\/issues\/(?:\d+\/)?comments/, permission: 'pull-requests: write' },
  { name: 'the checks', path: /\/check-runs/, permission: 'checks: write' },
  { name: 'the labels', path: /\/issues\/\d+\/labels/, permission: 'pull-requests: read' },
  { name: 'the events', path: /\/issues\/\d+\/events/, permission: 'pull-requests: read' },
  { name: 'everything', path: /./, permission: 'checks: write' },
];

const cases = services.flatMap((service) =>
  [...apiTroubles, silence].map((trouble) => ({ service, trouble, name: `${trouble.name}, of ${service.name}` })),
);

async function run(github: GitHubEmulator, path: string): Promise<EndedGate> {
  return await runRecordedGate({ folder: path, github, pullNumber: github.pullNumber });
}
const table: string[] = [];
test.concurrent.each(cases)('$name', async ({ service, trouble, name }) => {
  using folder = temporaryFolder();
  await using github = await startGitHub();
  github.setRole('maintainer', 'maintain');
  await github.label(github.pullNumber, label, { by: "maintainer", at: new Date(Date.now() - 60_000) });
  if (service.name==='the comments') await runRecordedGate({ folder: folder.path+'/0', github, pullNumber: github.pullNumber, runId: 999 });
  using _ = github.fault({ path: service.path, ...trouble.fault });
  const ended = await run(github, folder.path);
  const post = annotationsOf(ended.post.log);
  console.log(`##### ${name}: exit ${ended.exitCode} ${ended.seconds.toFixed(1)} s, post ${ended.post.exitCode} ${ended.post.seconds.toFixed(1)}\n` + shownLog(ended.log) + '--post\n' + ended.post.log);
});
