import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

const commands = { engine: 'command', 'prepare-command': 'a', 'resume-command': 'b', 'pause-command': 'c' };

function engineOf(given: Readonly<Record<string, string>>) {
  return readConfig(given, undefined).measure.engine;
}

function refusal(given: Readonly<Record<string, string>>): unknown {
  try {
    return engineOf(given);
  } catch (error) {
    return error;
  }
}

describe('the engine', () => {
  it.each([
    ['qemu', {}, { kind: 'qemu', accel: 'auto' }],
    [
      'firecracker',
      { engine: 'firecracker' },
      { kind: 'firecracker', binary: 'firecracker', version: undefined, jailer: false },
    ],
    [
      'e2b',
      { engine: 'e2b', kernel: 'vmlinux-6.1.158', 'firecracker-version': 'v1.12.1_abc', 'disk-size': '1GiB' },
      {
        kind: 'e2b',
        infra: undefined,
        tools: undefined,
        storage: undefined,
        hugePages: true,
        kernel: 'vmlinux-6.1.158',
        firecrackerVersion: 'v1.12.1_abc',
        diskBytes: 1024 ** 3,
        timeoutMs: 600_000,
      },
    ],
    [
      'command',
      commands,
      {
        kind: 'command',
        prepare: 'a',
        resume: 'b',
        pause: 'c',
        cleanup: undefined,
        version: undefined,
        memfile: 'memfile',
        rootfsFile: undefined,
        format: 'raw',
        timeoutMs: 600_000,
      },
    ],
  ])('%s has its own settings', (_, given, expected) => {
    expect(engineOf(given)).toEqual(expected);
  });

  it.each([
    ['prepare-command', 'engine command is asked for, but prepare-command is not given'],
    ['resume-command', 'engine command is asked for, but resume-command is not given'],
    ['pause-command', 'engine command is asked for, but pause-command is not given'],
  ])('command needs %s, and an empty one is not given', (name, message) => {
    expect(refusal({ ...commands, [name]: ' ' })).toMatchObject({ code: 'usage', message });
  });

  it.each([
    [
      { engine: 'firecracker', accel: 'tcg' },
      'accel is given, which engine firecracker does not have',
      'Remove it, or set engine to qemu.',
    ],
    [
      { jailer: 'true' },
      'jailer is given, which engine qemu does not have',
      'Remove it, or set engine to firecracker.',
    ],
    [
      { 'prepare-command': 'x' },
      'prepare-command is given, which engine qemu does not have',
      'Remove it, or set engine to command.',
    ],
    [
      { 'firecracker-version': '1.12.1' },
      'firecracker-version is given, which engine qemu does not have',
      'Remove it, or set engine to firecracker or e2b.',
    ],
    [
      { ...commands, 'e2b-infra': '.' },
      'e2b-infra is given, which engine command does not have',
      'Remove it, or set engine to e2b.',
    ],
  ])('refuses what belongs to another: %j', (given, message, remedy) => {
    expect(refusal(given)).toMatchObject({ code: 'usage', message, remedy });
  });

  it('of the run is stronger than what snapgate.yml has for its own', () => {
    const text = 'defaults: { accel: kvm, cycles: 3 }\n';
    const file = { path: 'snapgate.yml', text };
    expect(readConfig({ engine: 'firecracker' }, file).measure).toMatchObject({
      engine: { kind: 'firecracker' },
      cycles: 3,
    });
    const both = { path: 'snapgate.yml', text: 'defaults: { engine: firecracker, accel: kvm }\n' };
    expect(() => readConfig({}, both)).toThrow(/accel is given, which engine firecracker does not have$/);
    expect(readConfig({ engine: 'qemu' }, both).measure.engine).toEqual({ kind: 'qemu', accel: 'kvm' });
  });

  it.each([
    [{ 'huge-pages': '2M' }, /^huge-pages: engine qemu counts written pages of 4 KiB/],
    [
      { engine: 'firecracker', 'huge-pages': '2M' },
      /^huge-pages: Firecracker restores a guest on 2 MiB pages only through a userfaultfd handler/,
    ],
    [{ ...commands, 'huge-pages': '2M' }, /^huge-pages: what backs the memory/],
    [
      { engine: 'firecracker', 'firecracker-version': '1.12' },
      /^firecracker-version: "1.12" is not a release/,
    ],
    [{ engine: 'firecracker', 'firecracker-version': '1.12.1/../x' }, /is not a release of Firecracker$/],
    [
      { engine: 'firecracker', 'firecracker-version': '1.12.1', 'firecracker-binary': 'fc' },
      /^firecracker-binary and firecracker-version are both given$/,
    ],
    [{ engine: 'e2b', 'e2b-infra': '.', 'e2b-tools': 'bin' }, /^e2b-infra and e2b-tools are both given$/],
    [{ engine: 'e2b', 'e2b-storage': 's3://bucket' }, /is no storage that e2b's tools take$/],
    [{ engine: 'e2b', 'e2b-storage': 'gs://' }, /is no storage that e2b's tools take$/],
    [
      { engine: 'e2b', dockerfile: 'Dockerfile' },
      /^dockerfile is given, but engine e2b builds its guests itself$/,
    ],
    [
      { engine: 'e2b', base: 'image:guest:1' },
      /^base: "image:guest:1" is not a commit, and engine e2b builds/,
    ],
    [
      { engine: 'e2b', head: 'rootfs:a.ext4' },
      /^head: "rootfs:a.ext4" is not a commit, and engine e2b builds/,
    ],
    [{ engine: 'e2b', initrd: 'none' }, /^initrd is given, which engine e2b does not have$/],
    [{ engine: 'e2b', 'boot-timeout': '1min' }, /^boot-timeout is given, which engine e2b does not have$/],
    [{ engine: 'e2b', 'disk-size': '1MiB' }, /^disk-size: "1MiB" is out of bounds$/],
    [{ ...commands, memfile: '../memfile' }, /is not a file in a snapshot's folder$/],
    [{ ...commands, memfile: '/etc/passwd' }, /is not a file in a snapshot's folder$/],
    [{ ...commands, 'rootfs-file': 'a/./b' }, /is not a file in a snapshot's folder$/],
    [{ ...commands, format: 'qcow2' }, /"qcow2"/],
    [{ ...commands, format: 'e2b', memfile: 'memory' }, /^memfile: "memory" is no layer of format e2b$/],
    [
      { ...commands, format: 'e2b', 'rootfs-file': 'disk' },
      /^rootfs-file: "disk" is no layer of format e2b$/,
    ],
    [{ engine: 'xen' }, /"xen"/],
  ])('refuses %j', (given, message) => {
    expect(refusal(given)).toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
  });

  it.each([
    ['e2b', { engine: 'e2b' }],
    ['command', commands],
  ])('%s does without an image source', (_, given) => {
    expect(readConfig(given, undefined).image).toBeUndefined();
  });

  it('decides how the devices of the image are found', () => {
    const devices = (engine: string) => readConfig({ engine, rootfs: 'r' }, undefined).image?.devices;
    expect([devices('qemu'), devices('firecracker')]).toEqual(['pci', 'mmio']);
    // Whatever machine the commands run.
    expect(readConfig({ ...commands, rootfs: 'r' }, undefined).image?.devices).toBe('any');
  });
});
