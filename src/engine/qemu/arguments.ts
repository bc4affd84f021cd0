import { agentPort } from '../../guest/protocol.ts';
import { defaultMachine } from '../vm/qemu-command.ts';

/** What a virtual machine is made of. A resumed one must have the same devices as the one that was saved. */
export interface VmSpec {
  readonly accelerator: 'kvm' | 'tcg';
  /**
   * CPU model; default: `host` under KVM, `max` under TCG. Under KVM the host writes a clock page to a guest that has asked for it, and
   * SeaBIOS asks: `…,-kvmclock` is for a guest that must find no page written but its own.
   */
  readonly cpu?: string;
  readonly vcpus: number;
  /** The file that backs the guest's memory: `shared`, it is the memory; else it stays as it is and writes go to private copies. */
  readonly ram: { readonly path: string; readonly bytes: number; readonly shared: boolean };
  /** A qcow2 image, the guest's /dev/vda. */
  readonly diskPath?: string;
  /** Whether there is a virtio-serial port for the agent. */
  readonly agent: boolean;
  /** What to boot; a machine that resumes needs none. */
  readonly boot?: {
    readonly kernelPath: string;
    readonly initrdPath?: string | undefined;
    readonly commandLine?: string;
  };
  /** Device state to resume from. */
  readonly statePath?: string;
  /** For errors, what the machine is there for: `while it booted`, `in a cycle of idle-2s`. */
  readonly activity: string;
}

/** Descriptors that QEMU inherits; the first three are the standard ones. */
export const inherited = { qmp: 3, serial: 4, agent: 5, state: 6 } as const;

/**
 * QEMU's command line. Paths go in as JSON, where a comma or a colon means nothing. The guest gets what it needs and no more: each
 * further device is more state to save and more rings for the guest to dirty.
 */
export function qemuArguments(spec: VmSpec): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-machine', `${defaultMachine},usb=off,sata=off,smbus=off,vmport=off,memory-backend=mem`],
    ...['-accel', spec.accelerator === 'tcg' ? 'tcg,tb-size=256' : 'kvm'],
    ...['-cpu', spec.cpu ?? (spec.accelerator === 'tcg' ? 'max' : 'host')],
    ...['-smp', String(spec.vcpus), '-m', `${spec.ram.bytes}B`],
    ...['-object', memoryObject(spec)],
    // An aid for 32-bit Windows that writes to the guest's memory at each resume.
    ...['-global', 'apic-common.vapic=off'],
    // The clock that a pause stops: a guest that was paused for an hour must not have an hour's timers to run.
    ...['-rtc', 'base=utc,clock=vm'],
    // Without it the state's first section depends on names that no other part of the state needs.
    ...['-global', 'migration.send-configuration=off'],
    ...['-chardev', `socket,id=qmp,fd=${inherited.qmp}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=serial,fd=${inherited.serial}`, '-device', 'isa-serial,chardev=serial'],
    ...(spec.agent ? agentDevices() : []),
    ...(spec.diskPath === undefined ? [] : diskDevices(spec.diskPath)),
    ...(spec.boot === undefined ? [] : bootArguments(spec.boot)),
    ...(spec.statePath === undefined ? [] : ['-incoming', 'defer']),
  ];
}

function memoryObject({ ram }: VmSpec): string {
  return JSON.stringify({
    'qom-type': 'memory-backend-file',
    id: 'mem',
    size: ram.bytes,
    'mem-path': ram.path,
    share: ram.shared,
    merge: false,
    dump: false,
  });
}

function agentDevices(): string[] {
  return [
    ...['-chardev', `socket,id=agent,fd=${inherited.agent}`],
    ...['-device', 'virtio-serial-pci,disable-legacy=on,max_ports=2'],
    ...['-device', `virtserialport,chardev=agent,name=${agentPort},id=agent,nr=1`],
  ];
}

function diskDevices(path: string): string[] {
  const node = {
    driver: 'qcow2',
    'node-name': 'root',
    cache: { direct: false, 'no-flush': true },
    discard: 'ignore',
    file: { driver: 'file', filename: path },
  };
  return [
    ...['-blockdev', JSON.stringify(node)],
    // Neither discards nor write-zeroes, as Firecracker: what a guest zeroes is then written and counted.
    ...['-device', 'virtio-blk-pci,disable-legacy=on,drive=root,discard=off,write-zeroes=off'],
  ];
}

function bootArguments(boot: NonNullable<VmSpec['boot']>): string[] {
  return [
    ...['-kernel', boot.kernelPath],
    ...(boot.initrdPath === undefined ? [] : ['-initrd', boot.initrdPath]),
    ...(boot.commandLine === undefined ? [] : ['-append', boot.commandLine]),
  ];
}
