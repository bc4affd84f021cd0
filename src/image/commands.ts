/** Commands that making any image calls: the agent's busybox, and the tools of the guest's file system. */
export const imageCommands = ['busybox', 'mke2fs', 'debugfs', 'fakeroot'] as const;

/** What only `kernel: auto` and `initrd: auto` call. */
export const autoCommands = ['cpio', 'modprobe'] as const;

/** What only some sources call: compressed tars and kernel modules. */
export const archiveCommands = ['xz', 'zstd'] as const;
