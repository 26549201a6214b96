/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Part of abi.h: which of several roads an attempt took, as its event tells it. Ids are never reused. */
#ifndef CT_ABI_ROADS_H
#define CT_ABI_ROADS_H

/* ct_event.arg[0] of module_load */
enum ct_module_road {
	CT_MODULE_ROAD_FINIT = 1,    /* finit_module */
	CT_MODULE_ROAD_INIT = 2,     /* init_module */
	CT_MODULE_ROAD_REQUEST = 3,  /* the kernel asks for it on somebody's behalf */
	CT_MODULE_ROAD_MODPROBE = 4, /* kernel.modprobe opened for writing */
};

/* ct_event.arg[0] of msr_io */
enum ct_machine_road {
	CT_MACHINE_ROAD_MSR = 1,  /* device of model-specific registers opened */
	CT_MACHINE_ROAD_PORT = 2, /* iopl, ioperm */
	CT_MACHINE_ROAD_PCI = 3,  /* PCI configuration space written, or a device's memory mapped */
	CT_MACHINE_ROAD_ACPI = 4, /* ACPI table brought in */
	CT_MACHINE_ROAD_VFIO = 5, /* device driver in user space, with an IOMMU or without */
	CT_MACHINE_ROAD_UIO = 6,  /* device driver in user space, without an IOMMU */
};

/* ct_event.arg[1] of coredump_signal and agent_signal */
enum ct_signal_road {
	CT_SIGNAL_ROAD_KILL = 1,  /* kill and its kin */
	CT_SIGNAL_ROAD_SIGIO = 2, /* a descriptor's owner signal (F_SETSIG) */
};

/* ct_event.arg[0] of coredump_limits */
enum ct_limit_road {
	CT_LIMIT_ROAD_PRLIMIT = 1, /* arg[1]: RLIMIT_* */
	CT_LIMIT_ROAD_FILTER = 2,  /* coredump_filter opened for writing; arg[1]: thread id */
};

/* ct_event.arg[0] of agent_cgroup */
enum ct_starve_road {
	CT_STARVE_ROAD_CONTROL = 1,   /* a file that rules the agent's control group, or one above it */
	CT_STARVE_ROAD_MOVE = 2,      /* the agent moved to another control group; arg[1]: the number written */
	CT_STARVE_ROAD_LIMIT = 3,     /* prlimit; arg[1]: RLIMIT_* */
	CT_STARVE_ROAD_SCHEDULER = 4, /* scheduling class or processors */
	CT_STARVE_ROAD_NICE = 5,      /* arg[1]: the nice value, as an unsigned number */
	CT_STARVE_ROAD_IOPRIO = 6,    /* arg[1]: class and priority for disks */
	CT_STARVE_ROAD_SYSRQ = 7,     /* sysrq-trigger opened for writing */
};

/* ct_event.arg[0] of chan_io_uring */
enum ct_ring_road {
	CT_RING_ROAD_SETUP = 1,	  /* io_uring_setup */
	CT_RING_ROAD_MAP = 2,	  /* a ring's memory mapped: the first that is seen of it before 5.16 */
	CT_RING_ROAD_FILE = 3,	  /* read, write or splice through a ring */
	CT_RING_ROAD_SEND = 4,	  /* a message sent through a ring */
	CT_RING_ROAD_CONNECT = 5, /* connect through a ring */
};

/* ct_event.arg[0] of chan_splice */
enum ct_zero_copy_road {
	CT_ZERO_COPY_ROAD_SPLICE = 1,
	CT_ZERO_COPY_ROAD_SENDFILE = 2,
	CT_ZERO_COPY_ROAD_COPY_FILE_RANGE = 3,
	CT_ZERO_COPY_ROAD_VMSPLICE = 4, /* seen by whoever reads the pipe */
};

/* ct_event.arg[0] of chan_shared_map */
enum ct_shared_map_road {
	CT_SHARED_MAP_ROAD_MMAP = 1,
	CT_SHARED_MAP_ROAD_MPROTECT = 2,
	CT_SHARED_MAP_ROAD_SHMAT = 3,
};

/* ct_event.arg[0] of chan_fd_pass */
enum ct_fd_pass_road {
	CT_FD_PASS_ROAD_MEMFD = 1,  /* a file in memory that has no name */
	CT_FD_PASS_ROAD_SECRET = 2, /* memfd_secret */
	CT_FD_PASS_ROAD_MEM = 3,    /* mem of a process */
	CT_FD_PASS_ROAD_MANY = 4,   /* more descriptors than are looked at */
};

/* ct_event.arg[0] of chan_userfault */
enum ct_userfault_road {
	CT_USERFAULT_ROAD_CREATE = 1,
	CT_USERFAULT_ROAD_USE = 2, /* ioctl or read of one that was there */
};

/* ct_event.arg[0] of egress; arg[1]: port; arg[2], arg[3]: address as it lies in memory, v4 as ::ffff:a.b.c.d. */
enum ct_egress_road {
	CT_EGRESS_ROAD_CONNECT = 1,
	CT_EGRESS_ROAD_SEND = 2,
	CT_EGRESS_ROAD_FAST_OPEN = 3, /* connect and send in one */
	CT_EGRESS_ROAD_FAMILY = 4,    /* by a kind of socket for which there are no lists; arg[1]: its family */
};

#endif
