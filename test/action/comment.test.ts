import { expect, test } from 'vitest';
import { writeComment } from '../../src/action/comment.ts';
import { memoryComments } from '../github/memory-comments.ts';

class HttpError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

function warningsLog() {
  const warnings: string[] = [];
  return { warnings, info: () => {}, detail: () => {}, warning: (text: string) => warnings.push(text) };
}

const comment = { key: 'default', markdown: 'report' };

test('a comment whose answer got lost is found again and not written twice', async () => {
  const api = memoryComments('bot');
  const { create } = api;
  api.create = async (body) => {
    await create(body);
    throw new HttpError(502);
  };
  const log = warningsLog();
  expect(await writeComment(api, comment, log, [0, 0])).toContain('#issuecomment-1');
  expect(api.stored).toHaveLength(1);
  expect(log.warnings).toEqual([]);
});

test('a missing permission is one warning, at once', async () => {
  const api = memoryComments('bot');
  let tries = 0;
  api.create = async () => {
    tries += 1;
    throw new HttpError(403);
  };
  const log = warningsLog();
  expect(await writeComment(api, comment, log, [0, 0])).toBeUndefined();
  expect(tries).toBe(1);
  expect(log.warnings).toEqual([expect.stringContaining('`permissions: pull-requests: write`')]);
});

test('GitHub being down is one warning after the last try', async () => {
  const api = memoryComments('bot');
  let tries = 0;
  api.create = async () => {
    tries += 1;
    throw new HttpError(503);
  };
  const log = warningsLog();
  expect(await writeComment(api, comment, log, [0, 0])).toBeUndefined();
  expect(tries).toBe(3);
  expect(log.warnings).toHaveLength(1);
});
