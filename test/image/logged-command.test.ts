import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLogged } from '../../src/image/logged-command.ts';
import { refusal } from '../host/refusal.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop[Symbol.dispose]());

const run = (script: string, env: NodeJS.ProcessEnv = {}) =>
  runLogged(shop.run, 'sh', {
    what: 'the build',
    remedy: 'Look.',
    args: ['-c', script],
    cwd: shop.checkout,
    env,
  });

test('both outputs come to the log line by line, as they were said', async () => {
  await run("printf 'one\\ntwo'; printf ' is two\\r\\n' >&2; printf '\\nüml'; pwd; printf 'last'");
  expect(shop.logged).toEqual(['one', 'two is two', `üml${shop.checkout}`, 'last']);
});

test('a failure shows its exit status and its last forty lines', async () => {
  const error = await refusal(run('seq 1 100; echo why >&2; exit 3'));
  expect(error.code).toBe('image');
  expect(error.message).toBe('the build failed (exit status 3)');
  expect(error.remedy).toBe('Look.');
  expect(error.details?.title).toBe('the build, last 40 lines');
  expect(error.details?.lines).toEqual([
    ...Array.from({ length: 39 }, (_, index) => String(index + 62)),
    'why',
  ]);
});

test('a build that is killed', async () => {
  expect((await refusal(run('kill -9 $$'))).message).toBe('the build failed (exit status SIGKILL)');
});

test('a line without an end takes no memory', async () => {
  const error = await refusal(run("head -c 50000000 /dev/zero | tr '\\0' x; exit 1"));
  expect(error.details?.lines).toEqual([`${'x'.repeat(2000)}…`]);
});

test('a command that is not there', async () => {
  const error = await refusal(
    runLogged(shop.run, 'no-such-tool', { what: 'the build', remedy: 'Look.', args: [], cwd: '/' }),
  );
  expect(error.details?.lines.join()).toContain('no-such-tool: not found');
});
