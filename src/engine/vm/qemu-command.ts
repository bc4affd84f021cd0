/** Of engine qemu, and of the probe of KVM where Firecracker cannot boot its guest. */
export const qemuCommand = 'qemu-system-x86_64';

/** The machine of every guest of QEMU's; part of the fingerprint, since it decides what the devices dirty. */
export const defaultMachine = 'q35';
