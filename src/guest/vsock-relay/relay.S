# Between the agent, a shell that cannot open AF_VSOCK, and the host: `vsock PROGRAM ARGUMENT...` listens on the agent's port of the
# guest's vsock, runs the program with one end of a socket pair as its fd 3, and passes on what either side says, one connection at a time.
#
# Connections come and go (none outlives a snapshot: the guest's driver resets them at the resume), the program stays. What it says while
# nobody is there waits in the socket pair. The relay ends with the program, and the program with the relay.
#
# A guest is measured while this waits in poll(2), for no time limit: it touches one page of its own, the one after its text, no stack, and
# nothing at all when nobody calls. x86-64 Linux; no libc.
#
#   as -o relay.o relay.S && ld -s --build-id=none -z max-page-size=4096 -z noseparate-code -T relay.ld -o relay.elf relay.o

        .set PORT, 870                  # agentVsockPort

        .set SYS_READ, 0
        .set SYS_WRITE, 1
        .set SYS_OPEN, 2
        .set SYS_CLOSE, 3
        .set SYS_POLL, 7
        .set SYS_DUP2, 33
        .set SYS_SOCKET, 41
        .set SYS_SENDTO, 44
        .set SYS_BIND, 49
        .set SYS_LISTEN, 50
        .set SYS_SOCKETPAIR, 53
        .set SYS_FORK, 57
        .set SYS_EXECVE, 59
        .set SYS_FCNTL, 72
        .set SYS_PRCTL, 157
        .set SYS_EXIT_GROUP, 231
        .set SYS_ACCEPT4, 288

        .set AF_UNIX, 1
        .set AF_VSOCK, 40
        .set SOCK_CLOEXEC, 0x80000
        .set STREAM, 1 | SOCK_CLOEXEC
        .set MSG_NOSIGNAL, 0x4000
        .set POLLIN, 1
        .set POLL_END, 0x38             # POLLERR, POLLHUP, POLLNVAL
        .set PR_SET_PDEATHSIG, 1
        .set SIGKILL, 9
        .set F_SETFD, 2
        .set O_WRONLY_NOCTTY, 0x101

        # Passes the %eax bytes of the buffer on to the socket \fd; to \failed where that is gone. A call would write to the stack.
        .macro SEND_ALL fd, failed
        mov $buffer, %r13d
        mov %eax, %r14d
1:      mov \fd, %edi
        mov %r13d, %esi
        mov %r14d, %edx
        mov $MSG_NOSIGNAL, %r10d
        xor %r8d, %r8d
        xor %r9d, %r9d
        mov $SYS_SENDTO, %eax
        syscall
        test %eax, %eax
        js \failed
        add %eax, %r13d
        sub %eax, %r14d
        jnz 1b
        .endm

        # %ebx: the listening socket, %ebp: the connection (negative: none), %r12d: the relay's end of the pair.
        .text
        .globl _start
_start:
        mov $AF_UNIX, %edi
        mov $STREAM, %esi
        xor %edx, %edx
        mov $pair, %r10d
        mov $SYS_SOCKETPAIR, %eax
        syscall
        test %eax, %eax
        js fail

        mov $AF_VSOCK, %edi
        mov $STREAM, %esi
        xor %edx, %edx
        mov $SYS_SOCKET, %eax
        syscall
        mov %eax, %ebx
        test %eax, %eax
        js fail
        mov %ebx, %edi
        mov $address, %esi
        mov $16, %edx
        mov $SYS_BIND, %eax
        syscall
        test %eax, %eax
        js fail
        mov %ebx, %edi
        mov $4, %esi
        mov $SYS_LISTEN, %eax
        syscall
        test %eax, %eax
        js fail

        mov $SYS_FORK, %eax
        syscall
        test %eax, %eax
        js fail
        jz program

        mov pair + 4, %edi
        mov $SYS_CLOSE, %eax
        syscall
        mov pair, %r12d
        movw $POLLIN, host_events
        mov %r12d, program_fd
        mov $-1, %ebp

wait:
        # Of the program, its end is told always, its words only where there is somebody to tell them to.
        mov %ebp, %eax
        mov $POLLIN, %ecx
        xor %edx, %edx
        test %ebp, %ebp
        cmovs %ebx, %eax
        cmovs %edx, %ecx
        mov %eax, host_fd
        mov %cx, program_events
        mov $polled, %edi
        mov $2, %esi
        mov $-1, %edx
        mov $SYS_POLL, %eax
        syscall
        test %eax, %eax
        js wait

        movzwl program_revents, %eax
        test $POLLIN, %al
        jnz program_said
        test $POLL_END, %al
        jnz end
        movzwl host_revents, %eax
        test %ebp, %ebp
        js accept
        test %ax, %ax
        jz wait

host_said:
        mov %ebp, %edi
        mov $buffer, %esi
        mov $buffer_bytes, %edx
        xor %eax, %eax                  # SYS_READ
        syscall
        test %eax, %eax
        jle hang_up
        SEND_ALL %r12d, end
        jmp wait

program_said:
        mov %r12d, %edi
        mov $buffer, %esi
        mov $buffer_bytes, %edx
        xor %eax, %eax
        syscall
        test %eax, %eax
        jle end
        SEND_ALL %ebp, hang_up
        jmp wait

hang_up:
        mov %ebp, %edi
        mov $SYS_CLOSE, %eax
        syscall
        mov $-1, %ebp
        jmp wait

accept:
        test $POLL_END, %al
        jnz fail
        mov %ebx, %edi
        xor %esi, %esi
        xor %edx, %edx
        mov $SOCK_CLOEXEC, %r10d
        mov $SYS_ACCEPT4, %eax
        syscall
        mov %eax, %ebp                  # where the caller has thought better of it: none
        jmp wait

program:
        mov $PR_SET_PDEATHSIG, %edi
        mov $SIGKILL, %esi
        mov $SYS_PRCTL, %eax
        syscall
        mov pair + 4, %edi
        mov $3, %esi
        mov $SYS_DUP2, %eax
        syscall
        mov $3, %edi                    # where it was 3 already, it would be closed
        mov $F_SETFD, %esi
        xor %edx, %edx
        mov $SYS_FCNTL, %eax
        syscall
        mov (%rsp), %rax
        lea 16(%rsp), %rsi              # the arguments but this program's name
        mov (%rsi), %rdi
        lea 16(%rsp, %rax, 8), %rdx     # the environment, behind the arguments' null
        mov $SYS_EXECVE, %eax
        syscall

fail:
        mov $console, %edi
        mov $O_WRONLY_NOCTTY, %esi
        mov $SYS_OPEN, %eax
        syscall
        mov %eax, %edi
        mov $message, %esi
        mov $message_bytes, %edx
        mov $SYS_WRITE, %eax
        syscall
        mov $1, %edi
        jmp exit
end:
        xor %edi, %edi
exit:
        mov $SYS_EXIT_GROUP, %eax
        syscall

        .section .rodata
        .align 4
address:
        .word AF_VSOCK, 0               # struct sockaddr_vm of vsock(7)
        .long PORT, -1, 0               # VMADDR_CID_ANY
console:
        .asciz "/dev/console"
message:
        .ascii "snapgate: no vsock for the agent\n"
        .set message_bytes, . - message

        .bss
polled:                                 # two struct pollfd
host_fd:
        .skip 4
host_events:
        .skip 2
host_revents:
        .skip 2
program_fd:
        .skip 4
program_events:
        .skip 2
program_revents:
        .skip 2
pair:
        .skip 8
buffer:
        .set buffer_bytes, 4096 - 24
        .skip buffer_bytes
