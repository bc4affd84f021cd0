import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BaseContext, resolveBase, resolveHead } from '../../src/baseline/resolve.ts';
import type { BaseSpec } from '../../src/config/types.ts';
import { closeRun } from '../../src/host/cleanup.ts';
import type { ImageInputs } from '../../src/image/types.ts';
import { refusal } from '../host/refusal.ts';
import {
  commitFiles,
  createOrigin,
  git,
  pushPullRequest,
  shallowCheckout,
  temporaryFolder,
} from './repository.ts';
import { openTestRun, type TestRun } from './test-run.ts';

const inputs: ImageInputs = {
  rootfs: { kind: 'dockerfile', dockerfile: 'Dockerfile', context: '.', buildArgs: {}, target: undefined },
  kernel: 'auto',
  initrd: 'auto',
  diskSizeBytes: 2 ** 30,
  devices: 'pci',
};

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let url: string;
let author: string;
let older: string;
let base: string;

beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  const origin = createOrigin(folder.path);
  url = origin.url;
  author = origin.clone;
  older = commitFiles(author, { Dockerfile: 'FROM old\n' });
  base = commitFiles(author, { Dockerfile: 'FROM base\n', 'rootfs.tar': 'base tar' });
  git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
});

afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

type Given = Partial<BaseContext> & { checkout: string };

function resolve(spec: BaseSpec, context: Given) {
  return resolveBase(current.run, spec, { auto: undefined, branch: undefined, inputs, ...context });
}

/** Checked out, as it is when no stored measurement will do. */
async function resolveCommit(spec: BaseSpec, context: Given) {
  const side = await resolve(spec, context);
  if (side.kind !== 'commit') throw new Error(`a base of kind ${side.kind}`);
  return await side.checkOut();
}

function commitBase(commit: string) {
  return { kind: 'commit' as const, commit, why: 'for the test' };
}

/** Everything of a checkout that a base must leave alone. */
function stateOf(checkout: string) {
  return {
    status: git(checkout, 'status', '--porcelain', '--ignored'),
    head: readFileSync(join(checkout, '.git/HEAD'), 'utf8'),
    index: readFileSync(join(checkout, '.git/index')).toString('hex'),
    config: readFileSync(join(checkout, '.git/config'), 'utf8'),
    refs: git(checkout, 'for-each-ref'),
    worktrees: git(checkout, 'worktree', 'list'),
    fetchHead:
      existsSync(join(checkout, '.git/FETCH_HEAD')) &&
      readFileSync(join(checkout, '.git/FETCH_HEAD'), 'utf8'),
  };
}

function mergeCheckout(): string {
  const pull = pushPullRequest(author, 7, base, { Dockerfile: 'FROM head\n' });
  return shallowCheckout(join(folder.path, 'workspace'), url, pull);
}

describe('a commit as the base', () => {
  test('a shallow checkout of the merge commit is deepened by exactly the base commit', async () => {
    const checkout = mergeCheckout();
    writeFileSync(join(checkout, 'Dockerfile'), 'FROM changed by hand\n');
    const before = stateOf(checkout);

    const side = await resolveCommit({ kind: 'auto' }, { checkout, auto: commitBase(base) });

    expect(side.subject).toEqual({ label: `commit ${base.slice(0, 7)}`, commit: base });
    expect(readFileSync(join(side.checkout, 'Dockerfile'), 'utf8')).toBe('FROM base\n');
    expect(() => git(checkout, 'cat-file', '-e', older)).toThrow();
    closeRun(current.run.dir);
    expect(stateOf(checkout)).toEqual(before);
    expect(existsSync(join(checkout, '.git/worktrees/base-checkout'))).toBe(false);
  });

  test('a full clone stays a full clone', async () => {
    const checkout = join(folder.path, 'full');
    git(folder.path, 'clone', '--quiet', url, checkout);
    const newer = commitFiles(author, { Dockerfile: 'FROM newer\n' });
    git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');

    const side = await resolveCommit({ kind: 'ref', ref: newer }, { checkout });

    expect(side.subject.commit).toBe(newer);
    expect(git(checkout, 'rev-parse', '--is-shallow-repository')).toBe('false');
  });

  test('branches, tags and remote branches are found at origin when the clone lacks them', async () => {
    git(author, 'tag', '-a', '-m', 'release', 'v1.0.0', older);
    git(author, 'push', '--quiet', 'origin', 'v1.0.0', `${older}:refs/heads/other/main`);
    const checkout = mergeCheckout();
    for (const [ref, commit] of [
      ['main', base],
      ['origin/main', base],
      ['v1.0.0', older],
      ['other/main', older],
      ['refs/heads/main', base],
    ] as const) {
      const side = await resolveCommit({ kind: 'ref', ref }, { checkout });
      expect(side.subject).toEqual({ label: `${ref} (${commit.slice(0, 7)})`, commit });
      closeRun(current.run.dir);
      current = openTestRun(folder.path);
    }
  });

  test('a branch that was fetched is found where origin does not answer: a checkout keeps no credentials', async () => {
    const checkout = join(folder.path, 'full');
    git(folder.path, 'clone', '--quiet', url, checkout);
    git(checkout, 'checkout', '--quiet', '--detach', older);
    git(checkout, 'branch', '--quiet', '--delete', '--force', 'main');
    git(checkout, 'remote', 'set-url', 'origin', join(folder.path, 'private.git'));
    const side = await resolveCommit({ kind: 'ref', ref: 'main' }, { checkout });
    expect(side.subject).toEqual({ label: `main (${base.slice(0, 7)})`, commit: base });
    const unknown = await refusal(resolve({ kind: 'ref', ref: 'nowhere' }, { checkout }));
    expect(unknown).toMatchObject({ code: 'base', message: expect.stringContaining('"nowhere"') });
  });

  test.each([
    ['-h'],
    ['--upload-pack=touch pwned'],
    ['--output=pwned'],
    ['main:refs/heads/x'],
    [':/change'],
    ['a b'],
    ['main..other'],
    ['+main'],
    ['a\nb'],
    ['ref*'],
    [''],
    ['$(touch pwned)'],
  ])('the hostile ref %j is refused and runs nothing', async (ref) => {
    const checkout = mergeCheckout();
    const error = await refusal(resolve({ kind: 'ref', ref }, { checkout }));
    expect(error.code).toBe('base');
    expect(git(checkout, 'status', '--porcelain')).toBe('');
    expect(existsSync(join(process.cwd(), 'pwned'))).toBe(false);
  });

  test('a ref that is nowhere, and a commit that origin does not have, say what to do', async () => {
    const checkout = mergeCheckout();
    const unknown = await refusal(resolve({ kind: 'ref', ref: 'nowhere' }, { checkout }));
    expect(unknown).toMatchObject({ code: 'base', message: expect.stringContaining('"nowhere"') });
    expect(unknown.remedy).toContain('fetch-depth: 0');
    const gone = await refusal(resolve({ kind: 'ref', ref: 'd'.repeat(40) }, { checkout }));
    expect(gone).toMatchObject({ code: 'base', message: expect.stringContaining('could not be fetched') });
    expect(gone.details?.lines.length).toBeGreaterThan(0);
  });

  test('neither hooks nor filters of the repository run', async () => {
    commitFiles(author, { '.gitattributes': '* filter=evil\n' });
    git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
    const checkout = join(folder.path, 'hooked');
    git(folder.path, 'clone', '--quiet', url, checkout);
    const mark = join(folder.path, 'ran');
    for (const name of ['post-checkout', 'reference-transaction', 'pre-auto-gc'])
      writeFileSync(join(checkout, '.git/hooks', name), `#!/bin/sh\necho ${name} >>${mark}\n`, {
        mode: 0o755,
      });
    git(checkout, 'config', 'filter.evil.smudge', `sh -c 'echo smudge >>${mark}; cat'`);
    git(checkout, 'config', 'filter.evil.required', 'true');

    const side = await resolveCommit({ kind: 'ref', ref: 'origin/main' }, { checkout });

    expect(readFileSync(join(side.checkout, 'Dockerfile'), 'utf8')).toBe('FROM base\n');
    expect(existsSync(mark)).toBe(false);
    expect(current.warnings.join()).toContain('git filter');
  });

  test('a base with submodules says that they are missing', async () => {
    commitFiles(author, { '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ../x\n' });
    await resolveCommit({ kind: 'ref', ref: 'HEAD' }, { checkout: author });
    expect(current.warnings).toEqual([expect.stringContaining('submodules')]);
  });

  test('two runs in one repository do not meet', async () => {
    const checkout = mergeCheckout();
    using other = openTestRun(folder.path);
    const context = { checkout, auto: commitBase(base), branch: undefined, inputs };
    const [one, two] = await Promise.all(
      [current.run, other.run].map(async (run) => {
        const side = await resolveBase(run, { kind: 'auto' }, context);
        if (side.kind !== 'commit') throw new Error('not a commit');
        return await side.checkOut();
      }),
    );
    if (one === undefined || two === undefined) throw new Error('not images');
    closeRun(current.run.dir);
    expect(existsSync(one.checkout)).toBe(false);
    expect(git(two.checkout, 'rev-parse', 'HEAD')).toBe(base);
    expect(git(two.checkout, 'status', '--porcelain')).toBe('');
  });
});

describe('auto without an event', () => {
  test('is where HEAD left the default branch', async () => {
    const checkout = join(folder.path, 'mine');
    git(folder.path, 'clone', '--quiet', url, checkout);
    git(checkout, 'checkout', '--quiet', '-b', 'topic', older);
    commitFiles(checkout, { Dockerfile: 'FROM topic\n' });
    const side = await resolveCommit({ kind: 'auto' }, { checkout });
    expect(side.subject.commit).toBe(older);
  });

  test('asks for a base on the default branch, and outside git', async () => {
    const onMain = await refusal(resolve({ kind: 'auto' }, { checkout: author }));
    expect(onMain.remedy).toContain('ref:REF');
    const nowhere = await refusal(resolve({ kind: 'auto' }, { checkout: folder.path }));
    expect(nowhere).toMatchObject({ code: 'base', message: expect.stringContaining('not a checkout') });
  });
});

describe('other bases', () => {
  test('none, another rootfs, another image', async () => {
    const checkout = author;
    expect(await resolve({ kind: 'none' }, { checkout })).toEqual({ kind: 'none' });
    expect(await resolve({ kind: 'rootfs', path: 'old.ext4' }, { checkout })).toEqual({
      kind: 'image',
      subject: { label: 'rootfs old.ext4' },
      inputs: { ...inputs, rootfs: { kind: 'rootfs', path: 'old.ext4' } },
      checkout,
    });
    expect(await resolve({ kind: 'image', reference: 'guest:1' }, { checkout })).toMatchObject({
      inputs: { rootfs: { kind: 'image', reference: 'guest:1' } },
    });
  });

  test('a measurement that is not there, or is none', async () => {
    const missing = await refusal(resolve({ kind: 'measurement', path: 'no.json' }, { checkout: author }));
    expect(missing).toMatchObject({ code: 'base', message: expect.stringContaining('ENOENT') });
    const broken = await refusal(resolve({ kind: 'measurement', path: 'Dockerfile' }, { checkout: author }));
    expect(broken.code).toBe('record');
  });

  test('a source outside of git cannot be its own base', async () => {
    const outside: ImageInputs = { ...inputs, rootfs: { kind: 'rootfs', path: '/boot/rootfs.ext4' } };
    const error = await refusal(
      resolveCommit({ kind: 'ref', ref: base }, { checkout: author, inputs: outside }),
    );
    expect(error).toMatchObject({ code: 'base', message: expect.stringContaining('/boot/rootfs.ext4') });
  });

  test('a rootfs that git tracks is taken from the base commit', async () => {
    const inside: ImageInputs = { ...inputs, rootfs: { kind: 'rootfs', path: 'rootfs.tar' } };
    const side = await resolveCommit({ kind: 'ref', ref: base }, { checkout: author, inputs: inside });
    expect(readFileSync(join(side.checkout, 'rootfs.tar'), 'utf8')).toBe('base tar');
  });

  test('without an image source there is nothing to build', async () => {
    const error = await refusal(
      resolveCommit({ kind: 'ref', ref: base }, { checkout: author, inputs: undefined }),
    );
    expect(error.code).toBe('usage');
  });
});

describe('what stored measurements may stand in for', () => {
  test('a commit is not checked out before it is asked for', async () => {
    const checkout = mergeCheckout();
    const before = stateOf(checkout);
    const side = await resolve({ kind: 'cache' }, { checkout, auto: commitBase(base), branch: 'main' });
    expect(side).toMatchObject({ kind: 'commit', commit: base, storedOnly: true, branch: 'main' });
    expect(stateOf(checkout).worktrees).toBe(before.worktrees);
  });

  test('a push means what was stored last of its branch', async () => {
    const auto = { kind: 'branch' as const, branch: 'main' };
    expect(await resolve({ kind: 'auto' }, { checkout: author, auto })).toEqual(auto);
    expect(await resolve({ kind: 'cache' }, { checkout: author, auto })).toEqual(auto);
  });
});

describe('the head', () => {
  const subject = { label: 'the workspace' };
  const head = (spec: Parameters<typeof resolveHead>[1], checkout = author) =>
    resolveHead(current.run, spec, { checkout, inputs, subject });

  test('is what is checked out, unless another commit is named', async () => {
    const side = { kind: 'image', subject, inputs, checkout: author };
    expect(await head({ kind: 'checkout' })).toEqual(side);
    const named = await head({ kind: 'ref', ref: older });
    if (named.kind !== 'image') throw new Error(`a head of kind ${named.kind}`);
    expect(readFileSync(join(named.checkout, 'Dockerfile'), 'utf8')).toBe('FROM old\n');
    expect(named.subject.commit).toBe(older);
  });

  test('has a worktree of its own beside the base’s', async () => {
    const checkout = mergeCheckout();
    const of = await head({ kind: 'ref', ref: older }, checkout);
    const ofBase = await resolveCommit({ kind: 'ref', ref: base }, { checkout });
    if (of.kind !== 'image') throw new Error('not an image');
    expect(of.checkout).not.toBe(ofBase.checkout);
    closeRun(current.run.dir);
    expect(git(checkout, 'worktree', 'list').split('\n')).toHaveLength(1);
  });

  test('says that it is the head that is missing', async () => {
    const error = await refusal(head({ kind: 'measurement', path: 'no.json' }));
    expect(error.message).toMatch(/^head: /);
  });
});
