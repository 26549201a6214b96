/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * arm64. The 32-bit calls are those of a 32-bit program (EABI), whose every call is one: a 64-bit program has no way to
 * them. What has no number there has none that a call can have.
 */
#ifndef CT_CALLS_ARM64_H
#define CT_CALLS_ARM64_H

#define REG_CALL syscallno
/* A tracer may have changed the first since orig_x0 was kept: the kernel takes this one. */
#define REG_ARG0		 regs[0]
#define REG_ARG1		 regs[1]
#define REG_ARG2		 regs[2]
#define REG32_ARG0		 REG_ARG0
#define REG32_ARG1		 REG_ARG1
#define ARGUMENT_REGISTERS(read) read(regs[0]), read(regs[1]), read(regs[2]), read(regs[3]), read(regs[4])

/* Of thread_info: TIF_32BIT. */
#define COMPAT_WORD flags
#define COMPAT_BIT  (1 << 22)
#define X32_BIT	    0

/* Where a program's call of a kernel function has its number (1), or its place, as that of a helper has. */
#define FAR_KFUNCS 1

#define O_LARGEFILE_BIT 0400000

#define NR_WRITE	  64
#define NR_MSGSND	  189
#define NR_ADD_KEY	  217
#define NR_KEYCTL	  219
#define NR_MQ_TIMEDSEND	  182
#define NR_SENDFILE	  71
#define NR_SPLICE	  76
#define NR_COPY_RANGE	  285
#define NR_SENDMMSG	  269
#define NR_X32_SENDMMSG	  NR_SENDMMSG
#define NR_SETNS	  268
#define NR_SHMAT	  196
#define NR_BPF		  280
#define NR_SWAPON	  224
#define NR_SWAPOFF	  225
#define NR_REBOOT	  142
#define NR32_MSGSND	  301
#define NR32_ADD_KEY	  309
#define NR32_KEYCTL	  311
#define NR32_MQ_TIMEDSEND 276
#define NR32_SENDFILE	  187
#define NR32_SENDFILE64	  239
#define NR32_SPLICE	  340
#define NR32_COPY_RANGE	  391
#define NR32_SENDMMSG	  374
#define NR32_SETNS	  375
#define NR32_SHMAT	  305
#define NR32_IPC	  (-2) /* none */
#define NR32_SOCKETCALL	  (-2)
#define NR32_BPF	  386
#define NR32_SWAPON	  87
#define NR32_SWAPOFF	  115
#define NR32_REBOOT	  88

#define NR_EXECVE     221
#define NR_EXECVEAT   281
#define NR32_EXECVE   11
#define NR32_EXECVEAT 387

#define EXECVE_CALLS	       NR_EXECVE
#define EXECVEAT_CALLS	       NR_EXECVEAT
#define PTRACE_CALLS	       117
#define PROCESS_VM_READ_CALLS  270
#define PROCESS_VM_WRITE_CALLS 271
#define WRITE_PIECES_CALLS                                                                                             \
	66 : case 70:                                                                                                  \
	case 287
#define IO_SUBMIT_CALLS	      2
#define NR_WRITEV	      66
#define NR_PWRITE64	      68
#define NR32_PTRACE	      26
#define NR32_PROCESS_VM_READ  376
#define NR32_PROCESS_VM_WRITE 377
#define NR32_WRITE	      4
#define NR32_PWRITE64	      181
#define NR32_WRITEV	      146
#define WRITE_PIECES_CALLS_32                                                                                          \
	146 : case 362:                                                                                                \
	case 393
#define NR32_IO_SUBMIT 246
/* read, pread64, readv, preadv, preadv2 */
#define READ_CALLS                                                                                                     \
	63 : case 67:                                                                                                  \
	case 65:                                                                                                       \
	case 69:                                                                                                       \
	case 286
#define READ_CALLS_32                                                                                                  \
	3 : case 180:                                                                                                  \
	case 145:                                                                                                      \
	case 361:                                                                                                      \
	case 392
/* getxattr, faccessat, readlinkat, newfstatat, statx, faccessat2 */
#define LOOK_CALLS                                                                                                     \
	8 : case 48:                                                                                                   \
	case 78:                                                                                                       \
	case 79:                                                                                                       \
	case 291:                                                                                                      \
	case 439
/* access, readlink, stat, lstat, stat64, lstat64, getxattr, fstatat64, readlinkat, faccessat, statx, faccessat2 */
#define LOOK_CALLS_32                                                                                                  \
	33 : case 85:                                                                                                  \
	case 106:                                                                                                      \
	case 107:                                                                                                      \
	case 195:                                                                                                      \
	case 196:                                                                                                      \
	case 229:                                                                                                      \
	case 327:                                                                                                      \
	case 332:                                                                                                      \
	case 334:                                                                                                      \
	case 397:                                                                                                      \
	case 439

/* Below it are read and write of both tables, and above it all of channels.h. */
#define LEAST_CHANNEL_CALL 71

#endif
