import { test, vi } from 'vitest';
import { temporaryFolder } from '../baseline/repository.ts';
import { startGitHub } from '../github/emulator.ts';
import { startActionsServices } from '../github/actions-services.ts';
import { apiTroubles, silence } from './api-troubles.ts';
import { runRecordedGate } from './recorded-gate.ts';
import { pullRequestEvent } from '../github/payloads.ts';
import { shownLog } from './workflow-commands.ts';
vi.setConfig({ maxConcurrency: 30 });
const services_ = [
  ['reserve', /CreateCacheEntry/], ['blob', /\/blob\//], ['finalize', /Finalize/], ['restore', /GetCacheEntryDownloadURL/], ['cacheall', /CacheService/], ['artifact', /ArtifactService/],['artifactblob', /\/blob\//],
] as const;
const cases = services_.flatMap(([name, path]) => [silence, ...apiTroubles].filter(t=>/^(401|403, no|409|429|500|502|a dropped|silence|an answer|404)/.test(t.name)).map((trouble) => ({ kind: name, path, trouble, name: `${trouble.name}, of ${name}` })));
test.concurrent.each(cases)('$name', async ({ kind, path, trouble, name }) => {
  using folder = temporaryFolder();
  await using services = await startActionsServices();
  await using github = await startGitHub({ services });
  const event = pullRequestEvent({ number: github.pullNumber, headSha: 'b'.repeat(40), baseSha: 'a'.repeat(40), action: 'labeled', label: 'x' });
  using _ = services.fault({ path, ...trouble.fault });
  const ended = await runRecordedGate({ folder: folder.path, github, pullNumber: github.pullNumber, services, event,
    inputs: kind.startsWith('artifact') ? { artifact: 'always' } : {} , env: kind.startsWith('artifact') ? { ACTIONS_CACHE_SERVICE_V2: undefined }: {}});
  console.log(`##### ${name}: exit ${ended.exitCode} ${ended.seconds.toFixed(1)} s\n` + shownLog(ended.log) + '--post\n' + ended.post.log);
});
