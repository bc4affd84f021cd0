import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

const foreign = { fileIsForeign: true };

function file(settings: Readonly<Record<string, string>>) {
  const lines = Object.entries(settings).map(([name, text]) => `  ${name}: ${JSON.stringify(text)}\n`);
  return { path: 'snapgate.yml', text: `defaults:\n${lines.join('')}` };
}

/** A file in which `input` says `path`, with what else it needs, on its third line. */
function fileWith(input: string, path: string) {
  if (input === 'context') return file({ dockerfile: 'Dockerfile', context: path });
  if (input === 'kernel' || input === 'initrd') return file({ rootfs: 'guest.tar', [input]: path });
  return file({ 'disk-size': '1GiB', [input]: path });
}

const inputs = ['dockerfile', 'context', 'image', 'rootfs', 'kernel', 'initrd'];

describe('a path of a snapgate.yml that a pull request wrote', () => {
  it.each(
    inputs.flatMap((input) =>
      ['/etc/shadow', '../secret', 'a/../../secret', '..', './../x', '//etc/x'].map((path) => [input, path]),
    ),
  )('%s may not be %s', (input, path) => {
    expect(() => readConfig({}, fileWith(input, path), foreign)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(
          new RegExp(`^snapgate\\.yml:3:\\d+: ${input}: ".*" leads out of the checkout`),
        ),
        remedy: expect.stringContaining(`give ${input} as an input of the step`),
      }),
    );
  });

  it.each(
    inputs.flatMap((input) =>
      ['guest/a', './a', 'a/../b', '..a/b', 'a..b', '...'].map((path) => [input, path]),
    ),
  )('%s may be %s', (input, path) => {
    expect(() => readConfig({}, fileWith(input, path), foreign)).not.toThrow();
  });

  it('may be a reference of an image, or no path at all', () => {
    for (const image of ['registry.example:5000/guest:1@sha256:ab', 'guest'])
      expect(() => readConfig({}, file({ image, kernel: 'auto', initrd: 'none' }), foreign)).not.toThrow();
  });

  it('does not matter where an input of the step takes its place', () => {
    const written = file({ rootfs: '/srv/guest.tar', kernel: '/boot/vmlinuz' });
    const given = { rootfs: '/opt/guest.tar', kernel: '/opt/vmlinuz' };
    expect(readConfig(given, written, foreign).image).toMatchObject({
      rootfs: { path: '/opt/guest.tar' },
      kernel: '/opt/vmlinuz',
    });
    expect(() => readConfig({ rootfs: 'x.tar' }, written, foreign)).toThrow(/: kernel: /);
  });

  it('is the user’s own on a terminal', () => {
    const written = file({ rootfs: '/srv/guest.tar', kernel: '../vmlinuz' });
    expect(readConfig({}, written).image).toMatchObject({
      rootfs: { path: '/srv/guest.tar' },
      kernel: '../vmlinuz',
    });
  });
});
