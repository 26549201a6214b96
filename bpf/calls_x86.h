/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* x86_64. The 32-bit calls are i386's, by int $0x80 also from a 64-bit program; x32 has a bit in the number. */
#ifndef CT_CALLS_X86_H
#define CT_CALLS_X86_H

#define REG_CALL		 orig_ax
#define REG_ARG0		 di
#define REG_ARG1		 si
#define REG_ARG2		 dx
#define ARGUMENT_REGISTERS(read) read(bx), read(cx), read(dx), read(si), read(di), read(r10), read(r8)
/* Of 32-bit calls. The third is the same in both. */
#define REG32_ARG0 bx
#define REG32_ARG1 cx

/* Of thread_info. */
#define COMPAT_WORD status
#define COMPAT_BIT  0x0002
#define X32_BIT	    0x40000000

/* Where a program's call of a kernel function has its number (1), or its place, as that of a helper has. */
#define FAR_KFUNCS 0

#define O_LARGEFILE_BIT 0100000

#define NR_WRITE	  1
#define NR_MSGSND	  69
#define NR_ADD_KEY	  248
#define NR_KEYCTL	  250
#define NR_MQ_TIMEDSEND	  242
#define NR_SENDFILE	  40
#define NR_SPLICE	  275
#define NR_COPY_RANGE	  326
#define NR_SENDMMSG	  307
#define NR_X32_SENDMMSG	  538
#define NR_SETNS	  308
#define NR_SHMAT	  30
#define NR_BPF		  321
#define NR_SWAPON	  167
#define NR_SWAPOFF	  168
#define NR_REBOOT	  169
#define NR32_MSGSND	  400
#define NR32_ADD_KEY	  286
#define NR32_KEYCTL	  288
#define NR32_MQ_TIMEDSEND 279
#define NR32_SENDFILE	  187
#define NR32_SENDFILE64	  239
#define NR32_SPLICE	  313
#define NR32_COPY_RANGE	  377
#define NR32_SENDMMSG	  345
#define NR32_SETNS	  346
#define NR32_SHMAT	  397
#define NR32_IPC	  117
#define NR32_SOCKETCALL	  102
#define NR32_BPF	  357
#define NR32_SWAPON	  87
#define NR32_SWAPOFF	  115
#define NR32_REBOOT	  88

#define NR_EXECVE     59
#define NR_EXECVEAT   322
#define NR32_EXECVE   11
#define NR32_EXECVEAT 358

/* With their x32 numbers. */
#define EXECVE_CALLS                                                                                                   \
	NR_EXECVE:                                                                                                     \
	case 520
#define EXECVEAT_CALLS                                                                                                 \
	NR_EXECVEAT:                                                                                                   \
	case 545
#define PTRACE_CALLS	       101 : case 521
#define PROCESS_VM_READ_CALLS  310 : case 539
#define PROCESS_VM_WRITE_CALLS 311 : case 540
#define WRITE_PIECES_CALLS                                                                                             \
	20 : case 296:                                                                                                 \
	case 328:                                                                                                      \
	case 516:                                                                                                      \
	case 535:                                                                                                      \
	case 547
#define IO_SUBMIT_CALLS	      209 : case 544
#define NR_WRITEV	      20
#define NR_PWRITE64	      18
#define NR32_PTRACE	      26
#define NR32_PROCESS_VM_READ  347
#define NR32_PROCESS_VM_WRITE 348
#define NR32_WRITE	      4
#define NR32_PWRITE64	      181
#define NR32_WRITEV	      146
#define WRITE_PIECES_CALLS_32                                                                                          \
	146 : case 334:                                                                                                \
	case 379
#define NR32_IO_SUBMIT 248
/* read, pread64, readv, preadv, preadv2 */
#define READ_CALLS                                                                                                     \
	0 : case 17:                                                                                                   \
	case 19:                                                                                                       \
	case 295:                                                                                                      \
	case 327
#define READ_CALLS_32                                                                                                  \
	3 : case 180:                                                                                                  \
	case 145:                                                                                                      \
	case 333:                                                                                                      \
	case 378
/*
 * stat, lstat, access, readlink, getxattr (ss -p asks for the label of sockets), newfstatat, readlinkat, faccessat,
 * statx, faccessat2
 */
#define LOOK_CALLS                                                                                                     \
	4 : case 6:                                                                                                    \
	case 21:                                                                                                       \
	case 89:                                                                                                       \
	case 191:                                                                                                      \
	case 262:                                                                                                      \
	case 267:                                                                                                      \
	case 269:                                                                                                      \
	case 332:                                                                                                      \
	case 439
/* The same, with the older forms of stat. */
#define LOOK_CALLS_32                                                                                                  \
	18 : case 33:                                                                                                  \
	case 84:                                                                                                       \
	case 85:                                                                                                       \
	case 106:                                                                                                      \
	case 107:                                                                                                      \
	case 195:                                                                                                      \
	case 196:                                                                                                      \
	case 229:                                                                                                      \
	case 300:                                                                                                      \
	case 305:                                                                                                      \
	case 307:                                                                                                      \
	case 383:                                                                                                      \
	case 439

/* Below it are read and write of both tables, and above it all of channels.h. */
#define LEAST_CHANNEL_CALL 40

#endif
